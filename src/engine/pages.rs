//! A sorted list whose changes take a short time, however long it is.

/// The most elements of a page.
const PAGE: usize = if cfg!(quipu_loom) { 2 } else { 128 };

/// A list in pages, of which none is empty. Its owner keeps it sorted.
#[derive(Debug)]
pub(super) struct Pages<T>(Vec<Vec<T>>);

/// A place in the list: that of an element, or the end of a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    page: usize,
    index: usize,
}

impl<T> Pages<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The end of the elements that are `before` something, which are the first ones.
    // Not inlined, and `before` is called through a pointer: there are many uses of it, none of which is frequent.
    #[inline(never)]
    pub(super) fn place(&self, before: &dyn Fn(&T) -> bool) -> Place {
        let page = self.0.partition_point(|page| before(&page[0])).saturating_sub(1);
        Place { page, index: self.0.get(page).map_or(0, |page| page.partition_point(before)) }
    }

    /// The elements from a place on.
    pub(super) fn from(&self, place: Place) -> Elements<'_, T> {
        Elements { pages: self.0.get(place.page..).unwrap_or_default(), index: place.index }
    }

    /// The element at a place.
    pub(super) fn at(&mut self, place: Place) -> Option<&mut T> {
        let Place { page, index } = self.normal(place);
        self.0.get_mut(page)?.get_mut(index)
    }

    /// Inserts an element before the one at a place. False, and nothing done, on allocation
    /// failure.
    pub(super) fn insert(&mut self, place: Place, element: T) -> bool {
        let Some(Place { page, index }) = self.make_room(place) else { return false };
        self.0[page].insert(index, element);
        true
    }

    pub(super) fn remove(&mut self, place: Place) -> T {
        let Place { page, index } = self.normal(place);
        let element = self.0[page].remove(index);
        if self.0[page].is_empty() {
            self.0.remove(page);
        }
        element
    }

    /// The end of a page is the start of the next one.
    fn normal(&self, place: Place) -> Place {
        match self.0.get(place.page) {
            Some(page) if page.len() == place.index => Place { page: place.page + 1, index: 0 },
            _ => place,
        }
    }

    /// Makes room for one element at a place, and returns where that is then.
    fn make_room(&mut self, place: Place) -> Option<Place> {
        let len = self.0.get(place.page).map_or(0, Vec::len);
        if len > 0 && len < PAGE {
            self.0[place.page].try_reserve(1).ok()?;
            return Some(place);
        }
        let mut upper = Vec::new();
        upper.try_reserve(len / 2 + 1).ok()?;
        self.0.try_reserve(1).ok()?;
        if len == 0 {
            self.0.push(upper);
            return Some(place);
        }
        let lower = &mut self.0[place.page];
        while lower.len() > len / 2 {
            upper.extend(lower.pop());
        }
        upper.reverse();
        self.0.insert(place.page + 1, upper);
        let in_upper = place.index.checked_sub(len / 2);
        Some(in_upper.map_or(place, |index| Place { page: place.page + 1, index }))
    }
}

/// Walks the elements from a place on.
#[derive(Debug)]
pub(super) struct Elements<'a, T> {
    /// That of the next element, and those after it.
    pages: &'a [Vec<T>],
    index: usize,
}

impl<'a, T> Iterator for Elements<'a, T> {
    type Item = &'a T;

    // Not inlined: as `Pages::place`.
    #[inline(never)]
    fn next(&mut self) -> Option<&'a T> {
        loop {
            let (page, others) = self.pages.split_first()?;
            if let Some(element) = page.get(self.index) {
                self.index += 1;
                return Some(element);
            }
            (self.pages, self.index) = (others, 0);
        }
    }
}
