// Keys and pointer on their way to QEMU: in order, a few calls at a time, and never more in store than a hand can mean.
import GVTCore

/// How QEMU is told what hands do: by D-Bus or by QMP. Each call is answered once, nil or QEMU's complaint.
protocol GuestInput: AnyObject {
  /// The screen that positions are in.
  var size: PixelSize { get }
  /// Whether the guest has a pointer that can be put anywhere.
  var isAbsolute: Bool { get }

  /// An XT scan code, as QEMU counts them ("qnum").
  func key(_ code: UInt32, isDown: Bool, _ completion: @escaping (String?) -> Void)
  /// An `InputButton` of qapi/ui.json, by its number.
  func button(_ number: UInt32, isDown: Bool, _ completion: @escaping (String?) -> Void)
  func movePointer(to position: PixelPoint, _ completion: @escaping (String?) -> Void)
  func movePointer(byX dx: Int, y dy: Int, _ completion: @escaping (String?) -> Void)
}

/// Passes input to a console. A QEMU that does not answer, or a viewer that floods, costs a bounded queue: movements
/// are merged, and when it is full presses are dropped, but never the release of what was pressed.
final class QEMUInputSink: InputSink {
  /// Calls on their way. QEMU answers within fractions of a millisecond, so that this is a pause for thought.
  private static let mostInFlight = 16
  /// Where presses begin to be dropped.
  private static let mostQueued = 512

  private enum Action {
    case key(UInt32, isDown: Bool)
    case button(UInt32, isDown: Bool)
    case position(PixelPoint)
    case movement(dx: Int, dy: Int)
  }

  private let console: any GuestInput
  private let loop: EventLoop
  private var pacer: KeyPacer
  private var pacingTimer: EventLoop.TimerID?
  private var queue: [Action] = []
  private var inFlight = 0
  private var keysDown: Set<UInt32> = []
  private var buttons: ButtonMask = []
  private var position: PixelPoint?
  /// Keys that no key of the guest's keyboard stands for, counted for the log.
  private(set) var unknownKeys = 0

  /// QEMU's numbers (`InputButton` in qapi/ui.json).
  private static let buttonNumbers: [(ButtonMask, UInt32)] = [
    (.left, 0), (.middle, 1), (.right, 2), (.side, 5),
  ]
  private static let wheelNumbers: [(ButtonMask, UInt32)] = [
    (.wheelUp, 3), (.wheelDown, 4), (.wheelLeft, 7), (.wheelRight, 8),
  ]

  init(_ console: any GuestInput, on loop: EventLoop, pacer: KeyPacer = KeyPacer()) {
    self.console = console
    self.pacer = pacer
    self.loop = loop
  }

  deinit { loop.cancel(pacingTimer) }

  func send(_ key: KeyPress) {
    guard let code = key.scanCode else {
      unknownKeys += 1
      return
    }
    if key.isDown {
      guard queue.count < Self.mostQueued else { return }
      keysDown.insert(code)
    } else if keysDown.remove(code) == nil {
      return
    }
    queue.append(.key(code, isDown: key.isDown))
    drain()
  }

  func send(_ pointer: PointerState, within frame: PixelSize) {
    move(to: pointer.position, within: frame)
    for (button, number) in Self.buttonNumbers {
      let isDown = pointer.buttons.contains(button)
      guard isDown != buttons.contains(button), !isDown || queue.count < Self.mostQueued else { continue }
      if isDown { buttons.insert(button) } else { buttons.remove(button) }
      queue.append(.button(number, isDown: isDown))
    }
    for (button, number) in Self.wheelNumbers {
      let isDown = pointer.buttons.contains(button)
      defer { if isDown { buttons.insert(button) } else { buttons.remove(button) } }
      // A notch is a press and a release at once, whenever the viewer releases it.
      guard isDown, !buttons.contains(button), queue.count < Self.mostQueued else { continue }
      queue += [.button(number, isDown: true), .button(number, isDown: false)]
    }
    drain()
  }

  private func move(to position: PixelPoint, within frame: PixelSize) {
    let size = console.size
    var target = position
    // The viewer's picture may be a frame behind the guest's mode.
    if size != frame, !size.isEmpty, !frame.isEmpty {
      target = PixelPoint(x: position.x * size.width / frame.width, y: position.y * size.height / frame.height)
    }
    if !size.isEmpty {
      target = PixelPoint(x: min(max(target.x, 0), size.width - 1), y: min(max(target.y, 0), size.height - 1))
    }
    defer { self.position = target }
    guard target != self.position else { return }
    if console.isAbsolute {
      if case .position = queue.last { queue.removeLast() }
      append(.position(target))
    } else if let last = self.position {
      var (dx, dy) = (target.x - last.x, target.y - last.y)
      if case .movement(let x, let y) = queue.last {
        queue.removeLast()
        (dx, dy) = (dx + x, dy + y)
      }
      append(.movement(dx: dx, dy: dy))
    }
  }

  private func append(_ movement: Action) {
    if queue.count < Self.mostQueued { queue.append(movement) }
  }

  private func drain() {
    guard pacingTimer == nil else { return }
    while inFlight < Self.mostInFlight, let next = queue.first {
      if case .key = next, let wait = pacer.admit(at: loop.now) { return drain(after: wait) }
      inFlight += 1
      perform(queue.removeFirst()) { [weak self] _ in
        // An answer may come within the call, when the connection is gone: not a reason to go deeper.
        self?.inFlight -= 1
        if let self, inFlight < Self.mostInFlight / 2 { drainLater() }
      }
    }
  }

  private func drain(after wait: Int64) {
    pacingTimer = loop.schedule(after: wait) { [weak self] in
      self?.pacingTimer = nil
      self?.drain()
    }
  }

  private var isDraining = false

  private func drainLater() {
    guard !isDraining else { return }
    isDraining = true
    drain()
    isDraining = false
  }

  private func perform(_ action: Action, _ completion: @escaping (String?) -> Void) {
    switch action {
    case .key(let code, let isDown): console.key(code, isDown: isDown, completion)
    case .button(let number, let isDown): console.button(number, isDown: isDown, completion)
    case .position(let position): console.movePointer(to: position, completion)
    case .movement(let dx, let dy): console.movePointer(byX: dx, y: dy, completion)
    }
  }
}

/// How fast keys reach the guest: QEMU's PS/2 keyboard holds 16 bytes (hw/input/ps2.c), and drops what a guest that is slow to
/// read has no room for. Text that a program types or pastes comes faster than that.
struct KeyPacer: Equatable {
  /// Key events that may come at once: with their prefixes they fit the keyboard.
  static let burst: Int64 = 5
  /// Then one at a time: some 40 letters a second, faster than hands, and a guest may be away for 100 ms.
  let interval: Int64

  /// When all of the burst is free again.
  private var full = Instant(nanoseconds: .min / 2)

  init(interval: Int64 = .milliseconds(12)) { self.interval = interval }

  /// Nil if a key event may go now, which counts it; otherwise how long to wait.
  mutating func admit(at now: Instant) -> Int64? {
    let start = max(full, now)
    let wait = (start + interval) - now - Self.burst * interval
    guard wait <= 0 else { return wait }
    full = start + interval
    return nil
  }
}
