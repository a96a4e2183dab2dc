//! The extension module `module` of Python.

/// Functions whose calls are timed from Python, and the figures within the module.
#[pyo3::pymodule]
mod module {
    use pyo3::pyfunction;

    /// A call that does nothing.
    #[pyfunction]
    fn nothing() {}

    /// Adds one to a counter.
    #[pyfunction]
    fn add() {
        quipu_linkage::add();
    }

    #[pyfunction]
    fn measure() -> String {
        quipu_linkage::measure()
    }
}
