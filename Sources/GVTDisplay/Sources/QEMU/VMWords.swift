// What to tell people about a VM's life, from QMP's events and endings.
import GVTCore
import Glibc

/// Remembers what QEMU said last, and puts it into a sentence.
struct VMWords {
  /// The guest has ended and QEMU has not: what the screen shows is the past.
  private(set) var isShutDown = false
  private var isPaused = false
  private var farewell: String?

  /// A `RunState` of qapi/run-state.json.
  mutating func runState(_ name: String) {
    isPaused = ["paused", "prelaunch", "suspended", "io-error", "internal-error"].contains(name)
    isShutDown = name == "shutdown"
  }

  mutating func heard(_ event: QMPEvent) {
    switch event.name {
    case "SHUTDOWN":
      isShutDown = true
      farewell = event.isGuestsWish ? "The guest has shut down." : "The VM was shut down from outside."
    case "POWERDOWN": farewell = "The guest was asked to shut down."
    case "RESET", "RESUME", "WAKEUP":
      isShutDown = false
      isPaused = false
      farewell = nil
    case "STOP", "SUSPEND": isPaused = true
    case "GUEST_PANICKED": farewell = "The guest's kernel has panicked."
    default: break
    }
  }

  /// While QEMU is there.
  var running: (SourceStatus, title: String) {
    if isShutDown { return (.waiting(farewell ?? "The VM has shut down."), "VM has shut down") }
    if isPaused { return (.waiting("The VM is paused."), "VM is paused") }
    return (.running, "")
  }

  /// When it is not.
  func ending(_ ending: QMPEnding, socketPath: String) -> (SourceStatus, title: String) {
    switch ending {
    case .closed:
      return (.waiting((farewell ?? "QEMU has ended.") + " The VM is shown again as soon as it runs."), "VM is off")
    case .silent:
      return (
        .failed(
          "\(socketPath) does not answer: another program is connected to it, and QEMU serves one at a time. Give QEMU"
            + " a QMP socket of its own for this display (-qmp unix:PATH,server=on,wait=off)."), "QMP socket is in use"
      )
    case .notQMP(let answer):
      return (.failed("\(socketPath) is not a QMP socket: it says \(answer)."), "Not a QMP socket")
    case .unreachable(let failure): return unreachable(failure, socketPath)
    }
  }

  private func unreachable(_ failure: SystemFailure, _ socketPath: String) -> (SourceStatus, title: String) {
    if failure.isNobodyThere {
      return (.waiting("There is no QEMU at \(socketPath). It is shown as soon as it runs."), "VM is off")
    }
    return (.failed("Cannot connect to \(socketPath): \(failure.reason)."), "No connection")
  }
}

extension SystemFailure {
  /// No socket, or one that its owner left behind.
  var isNobodyThere: Bool { code == ENOENT || code == ECONNREFUSED }
}

/// Which kinds of nonsense have been logged already.
struct FaultLog {
  private var kinds: Set<String> = []

  mutating func isFirst(_ kind: String) -> Bool { kinds.count < 64 && kinds.insert(kind).inserted }
}
