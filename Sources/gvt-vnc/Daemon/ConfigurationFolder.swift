// The configuration folder: one YAML file per display in displays/, and gvt-vnc.yaml for the daemon itself.
import Foundation
import GVTCore

/// Reads and writes the files of a configuration folder.
struct ConfigurationFolder: Sendable {
  /// More than any file of ours needs, and nothing to fear from one that is not ours.
  private static let maxFileBytes = 65536

  let path: String
  var displaysPath: String { path + "/displays" }

  /// One file in `displays/`.
  struct Entry: Equatable, Sendable {
    let name: String
    /// The settings, or what is wrong with the file.
    let settings: Result<DisplaySettings, CommandFailure>
  }

  /// Makes the folders if they are not there.
  func create() throws(CommandFailure) {
    do {
      try FileManager.default.createDirectory(
        atPath: displaysPath, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    } catch {
      throw CommandFailure(.cannotCreate, "cannot make the folder \(displaysPath)")
    }
  }

  /// All displays, by name. A folder that does not exist has none.
  func entries() throws(CommandFailure) -> [Entry] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: displaysPath)
    } catch {
      if !FileManager.default.fileExists(atPath: displaysPath) { return [] }
      throw CommandFailure(.noPermission, "cannot read the folder \(displaysPath)")
    }
    let files = names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }
    return files.sorted().map { entry(named: String($0.dropLast(5))) }
  }

  /// One display's file; nil if there is none.
  func entry(_ name: DisplayName) -> Entry? {
    FileManager.default.fileExists(atPath: file(of: name.description)) ? entry(named: name.description) : nil
  }

  func file(of name: String) -> String { displaysPath + "/" + name + ".yaml" }

  func write(_ settings: DisplaySettings, as name: DisplayName) throws(CommandFailure) {
    do throws(SystemFailure) {
      try Files.replace(file(of: name.description), with: Array(settings.yaml.utf8), mode: 0o644)
    } catch {
      throw CommandFailure(error, to: "write \(file(of: name.description))", otherwise: .cannotCreate)
    }
  }

  func remove(_ name: DisplayName) throws(CommandFailure) {
    do throws(SystemFailure) {
      try Files.remove(file(of: name.description))
    } catch {
      throw CommandFailure(error, to: "remove \(file(of: name.description))", otherwise: .cannotCreate)
    }
  }

  /// Runs `body` while no other command writes to this folder.
  func locked<Outcome>(_ body: () throws -> Outcome) throws -> Outcome {
    do {
      return try FileLock(waitingFor: path + "/.lock").held(body)
    } catch let failure as SystemFailure {
      throw CommandFailure(failure, to: "lock \(path)/.lock", otherwise: .cannotCreate)
    }
  }

  /// The name of the group whose members may use the control socket: key `group` of gvt-vnc.yaml.
  func controlGroup() throws(CommandFailure) -> String? {
    let file = path + "/gvt-vnc.yaml"
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    let text = try Self.text(of: file)
    do throws(SettingsFailure) {
      return try YAMLFields(text, allowed: ["group"]).node("group")?.text()
    } catch {
      throw Self.failure(error, in: file)
    }
  }

  private func entry(named name: String) -> Entry {
    do throws(CommandFailure) {
      guard DisplayName(name) != nil else {
        throw CommandFailure(.badData, "\(file(of: name)): the name of a display has \(DisplayName.rule)")
      }
      let text = try Self.text(of: file(of: name))
      return Entry(name: name, settings: .success(try Self.settings(text, in: file(of: name))))
    } catch {
      return Entry(name: name, settings: .failure(error))
    }
  }

  private static func settings(_ text: String, in file: String) throws(CommandFailure) -> DisplaySettings {
    do throws(SettingsFailure) {
      return try DisplaySettings(yaml: text)
    } catch {
      throw failure(error, in: file)
    }
  }

  private static func failure(_ failure: SettingsFailure, in file: String) -> CommandFailure {
    CommandFailure(.badData, "\(file):\(failure.line): \(failure.sentence)")
  }

  private static func text(of file: String) throws(CommandFailure) -> String {
    do throws(SystemFailure) {
      return String(decoding: try Files.read(file, limit: maxFileBytes), as: UTF8.self)
    } catch {
      throw CommandFailure(error, to: "read \(file)", otherwise: .badData)
    }
  }
}
