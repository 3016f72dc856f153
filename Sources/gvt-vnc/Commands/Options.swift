// Options that several commands share.
import ArgumentParser
import Foundation
import GVTDisplay

/// `--config` and `--socket`: which daemon a command is about.
struct PlaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The configuration folder. Default: /etc/gvt-vnc for root, ~/.config/gvt-vnc for others.", valueName: "dir"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "The daemon's control socket. Default: in /run/gvt-vnc or $XDG_RUNTIME_DIR/gvt-vnc; with --config, in that folder.",
      valueName: "path"))
  var socket: String?

  var places: Places { Places(config: config, socket: socket) }
}

/// What an administrator decides about a display's viewers; the same words as in its configuration file.
struct PolicyOptions: ParsableArguments {
  @Option(name: .customLong("name"), help: ArgumentHelp("The title that viewers show.", valueName: "title"))
  var title: String?

  @Option(help: ArgumentHelp("Viewers need the password in this file's first line.", valueName: "file"))
  var passwordFile: String?

  @Option(help: ArgumentHelp("A second password, for those who may only look.", valueName: "file"))
  var viewOnlyPasswordFile: String?

  @Flag(help: "Nobody may type or point.")
  var viewOnly = false

  @Option(
    help: ArgumentHelp("Viewers at the same time (default: \(DisplaySettings.defaultMaxViewers)).", valueName: "n"))
  var maxViewers: Int?

  @Option(help: ArgumentHelp("Frames a second (default: \(DisplaySettings.defaultMaxFrames)).", valueName: "n"))
  var maxFps: Int?

  @Option(
    help: ArgumentHelp(
      "Whether a viewer may change the guest's resolution (default: follow).", valueName: "follow|forbid"))
  var resize: ResizePolicy?

  @Flag(help: "Allow a listener that other machines reach to do without a password.")
  var insecure = false

  /// The settings of a display with this policy.
  func settings(source: SourceSpec, listeners: [ListenAddress]) throws -> DisplaySettings {
    var settings = DisplaySettings(source: source, listeners: listeners)
    settings.title = title
    settings.passwordFile = passwordFile.map(absolutePath)
    settings.viewOnlyPasswordFile = viewOnlyPasswordFile.map(absolutePath)
    settings.isViewOnly = viewOnly
    settings.maxViewers = maxViewers ?? DisplaySettings.defaultMaxViewers
    settings.maxFramesPerSecond = maxFps ?? DisplaySettings.defaultMaxFrames
    settings.resize = resize ?? .follow
    settings.allowsInsecure = insecure
    if let complaint = settings.complaint { throw CommandFailure(.badData, complaint) }
    return settings
  }
}

extension ResizePolicy: ExpressibleByArgument {}

/// The SPEC that somebody typed, or the reason why it is none.
func parseSpec(_ text: String) throws(CommandFailure) -> SourceSpec {
  do throws(SpecFailure) {
    return try SourceSpec(text)
  } catch {
    throw CommandFailure(.badData, error.description)
  }
}

/// The addresses that somebody typed.
func parseListeners(_ texts: [String]) throws(CommandFailure) -> [ListenAddress] {
  var addresses: [ListenAddress] = []
  for text in texts {
    do throws(InvalidListenAddress) {
      addresses.append(try ListenAddress(text))
    } catch {
      throw CommandFailure(.badData, "--listen: \(error.description)")
    }
  }
  return addresses
}

func absolutePath(_ path: String) -> String {
  path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
}
