//! A program without any crate, so that cargo needs no network; `file!` brings its path in.
fn main() {
    println!("{}", file!());
}
