fn main() {
    match quipu::Value::Unsigned(1) {
        quipu::Value::Unsigned(_) | quipu::Value::Signed(_) | quipu::Value::Float(_) => {}
        _ => {}
    }
}
