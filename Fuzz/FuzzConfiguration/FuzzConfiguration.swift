// Fuzz target: a display's configuration file.
import Fuzzing

@main enum FuzzConfiguration {
  static func main() {
    fuzz { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      do throws(SettingsFailure) {
        let settings = try DisplaySettings(yaml: text)
        readBack(settings)
      } catch {
        precondition(error.line >= 1, "a mistake is in a line")
        precondition(!error.sentence.isEmpty, "a mistake has a sentence")
      }
    }
  }

  private static func readBack(_ settings: DisplaySettings) {
    do throws(SettingsFailure) {
      let again = try DisplaySettings(yaml: settings.yaml)
      precondition(again == settings, "\(settings.yaml) reads back as \(again.yaml)")
    } catch {
      fatalError("\(settings.yaml) does not read back: \(error)")
    }
  }
}
