use quipu::strategy::Cached;

fn main() {
    let _ = Cached::<4>::new();
}
