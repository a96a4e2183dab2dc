use quipu::strategy::Striped;

fn main() {
    let _ = Striped::<4>::new();
}
