//! A network that loses one request in twenty, and one answer in twenty.

/// The fate of a request.
pub(crate) struct Loss {
    random: Option<fastrand::Rng>,
    retries: bool,
}

impl Loss {
    /// Nothing is lost.
    pub(crate) fn none() -> Self {
        Self { random: None, retries: false }
    }

    /// The same losses for everyone.
    pub(crate) fn some(retries: bool) -> Self {
        Self { random: Some(fastrand::Rng::with_seed(7)), retries }
    }

    /// Sends a request, until it is answered or given up.
    pub(crate) fn send(&mut self, mut request: impl FnMut()) {
        while !self.try_send(&mut request) && self.retries {}
    }

    /// Sends a request once, and returns whether it was answered.
    pub(crate) fn try_send(&mut self, request: impl FnOnce()) -> bool {
        match self.random.as_mut().map(|random| random.u8(..20)) {
            Some(0) => false,
            Some(1) => {
                request();
                false
            }
            _ => {
                request();
                true
            }
        }
    }
}
