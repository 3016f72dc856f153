// Fuzz target: SPECs, as somebody types them.
import Fuzzing
import GVTDisplay

@main enum FuzzSpec {
  static func main() {
    fuzz { bytes in
      guard let spec = try? SourceSpec(String(decoding: bytes, as: UTF8.self)) else { return }
      do {
        let again = try SourceSpec(spec.description)
        precondition(again == spec, "\(spec) reads back as \(again)")
      } catch {
        fatalError("\(spec) does not read back: \(error)")
      }
    }
  }
}
