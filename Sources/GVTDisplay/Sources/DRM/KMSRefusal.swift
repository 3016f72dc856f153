// Why a KMS device shows no picture, in words for a status card.
import GVTCore
import Glibc

/// Why there is no picture now.
struct KMSRefusal: Error, Equatable {
  var title: String
  var status: SourceStatus
  /// The device is to be let go of and opened again.
  var losesDevice = false

  static func waiting(_ title: String, _ sentence: String) -> KMSRefusal {
    KMSRefusal(title: title, status: .waiting(sentence))
  }

  static func failed(_ title: String, _ sentence: String) -> KMSRefusal {
    KMSRefusal(title: title, status: .failed(sentence))
  }

  var card: StatusCard {
    switch status {
    case .waiting(let sentence), .failed(let sentence): StatusCard(title: title, detail: sentence)
    case .running: StatusCard(title: title, detail: "")
    }
  }

  /// Only root and DRM master are told where framebuffers of others are (drivers/gpu/drm/drm_framebuffer.c).
  static func noRights(_ path: String) -> KMSRefusal {
    .failed(
      "Not allowed to look",
      "The kernel shows what is on \(path) to root only: run gvt-vnc as root, or with CAP_SYS_ADMIN.")
  }

  /// What a device that was open answered.
  init(_ failure: SystemFailure, path: String) {
    if failure.isDeviceGone {
      self = .waiting("The device is gone", "The device of \(path) was unplugged. It is shown again when it is back.")
      losesDevice = true
    } else if failure.code == EACCES || failure.code == EPERM {
      self = .noRights(path)
    } else {
      self = .failed("The device does not answer", "\(path) does not say what it shows: \(failure).")
    }
  }

  init(_ failure: KMSOpenFailure, path: String) {
    switch failure {
    case .system(let failure) where failure.isNotThere:
      self = .waiting("No such device", "There is no device \(path). It is shown as soon as it is there.")
    case .system(let failure) where failure.code == EACCES || failure.code == EPERM:
      self = .failed(
        "Not allowed to look",
        "\(path) may not be opened: run gvt-vnc as root, which is also needed to read the screen.")
    case .system(let failure):
      self = .failed("The device cannot be opened", "\(path) cannot be opened: \(failure).")
    case .notDRM:
      self = .failed("Not a graphics device", "\(path) is no node of a graphics device such as /dev/dri/card0.")
    case .renderNode:
      self = .failed(
        "Not a screen",
        "\(path) is a render node, which has no screen: name the device's card node, such as /dev/dri/card0.")
    case .noModeSetting(let driver):
      self = .failed("Not a screen", "\(path) has no screen: its driver, \(driver), sets no modes.")
    }
  }

  private init(title: String, status: SourceStatus) {
    self.title = title
    self.status = status
  }
}

extension SystemFailure {
  /// What ioctls of an unplugged device answer (drm_ioctl.c).
  var isDeviceGone: Bool { code == ENODEV || code == ENXIO }

  /// Nothing has the name, or nothing is behind it any more.
  fileprivate var isNotThere: Bool { code == ENOENT || code == ENOTDIR || code == ENODEV || code == ENXIO }
}
