// Keys and pointer for a VM whose picture is taken from its device: by QMP, where there is a socket for it.
import GVTCore
import Logging

/// The way to a VM's input devices while somebody looks: the socket that the SPEC names, else those that QEMU's command line
/// tells of, each tried once: QEMU serves one client at a time, and whoever started it comes first.
final class VFIOInput {
  private let named: String?
  private let loop: EventLoop
  private let logger: Logger
  private let changed: () -> Void
  private var untried: [String] = []
  private var hadCandidates = false
  private var isWanted = false
  private var path: String?
  private var qmp: QMPInput?

  /// Where input goes; nil while it goes nowhere.
  private(set) var sink: QEMUInputSink?

  /// `changed` is called whenever ``sink`` has.
  init(named: String?, on loop: EventLoop, logger: Logger, changed: @escaping () -> Void) {
    self.named = named
    self.loop = loop
    self.logger = logger
    self.changed = changed
  }

  /// The size that positions are in.
  var size = PixelSize(width: 1, height: 1) {
    didSet { qmp?.size = size }
  }

  /// Whether the guest's pointer goes where it is put.
  var isAbsolute: Bool { qmp?.isAbsolute ?? false }

  /// Looks for a way; `found` are the sockets on QEMU's command line.
  func connect(found: [String]) {
    guard !isWanted else { return }
    isWanted = true
    untried = named.map { [$0] } ?? found
    hadCandidates = !untried.isEmpty
    tryNext()
  }

  func disconnect() {
    isWanted = false
    qmp?.stop()
    qmp = nil
    untried = []
    guard sink != nil else { return }
    sink = nil
    changed()
  }

  private func tryNext() {
    guard isWanted else { return }
    qmp?.stop()
    qmp = nil
    guard !untried.isEmpty else {
      if hadCandidates { logger.info("this display is view-only: \(Self.remedy)") }
      return
    }
    let path = untried.removeFirst()
    self.path = path
    let input = QMPInput(path: path, isPersistent: named != nil, on: loop, logger: logger) { [weak self] in
      self?.qmpChanged()
    }
    input.size = size
    qmp = input
  }

  private func qmpChanged() {
    let before = sink
    sink = qmp?.sink
    if sink == nil, named == nil {
      // Not within its own call: the input that says so is let go of.
      loop.schedule(after: 0) { [weak self] in self?.tryNext() }
    }
    if sink !== before { changed() }
  }

  private static let remedy =
    "give QEMU a QMP socket of its own for it (-qmp unix:PATH,server=on,wait=off) and name it by qmp=PATH"

  /// What to say where no QMP socket is known.
  static let nowhere = "none: view-only; \(remedy)"

  /// For reports.
  var sentence: String {
    guard let qmp else {
      guard hadCandidates, let path else { return Self.nowhere }
      return "none: view-only, as \(path) is in use; \(Self.remedy)"
    }
    return qmp.status ?? "keys and \(qmp.isAbsolute ? "absolute" : "relative") pointer by QMP at \(path ?? "")"
  }
}
