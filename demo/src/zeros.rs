//! A body of zeros, made piece by piece as its connection takes them.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};

static PIECE: [u8; 64 << 10] = [0; 64 << 10];

/// This number of zeros. The piece is a static, so that a large body takes no memory.
pub(crate) struct Zeros(pub(crate) u64);

impl http_body::Body for Zeros {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let len = self.0.min(PIECE.len() as u64);
        self.0 -= len;
        Poll::Ready((len > 0).then(|| Ok(Frame::data(Bytes::from_static(&PIECE[..len as usize])))))
    }

    fn is_end_stream(&self) -> bool {
        self.0 == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

impl IntoResponse for Zeros {
    fn into_response(self) -> Response {
        Response::new(Body::new(self))
    }
}
