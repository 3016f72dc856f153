// A VFIO device of which we hold a descriptor: the kernel's own answers.
import CLinux
import Glibc

/// A device's descriptor, closed with the value.
package final class VFIODevice: GraphicsPlaneDevice {
  private let descriptor: OwnedDescriptor

  package init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

  /// One more descriptor of the device `name` of a group that is in use (VFIO_GROUP_GET_DEVICE_FD). The group says which device
  /// that is; a device's own descriptor does not.
  package convenience init(
    named name: String, of group: borrowing OwnedDescriptor
  ) throws(SystemFailure) {
    let raw = group.raw
    var text = Array(name.utf8) + [0]
    let device = try check("ioctl(VFIO_GROUP_GET_DEVICE_FD)") {
      unsafe gvt_vfio_call(raw, VFIORequest.groupDevice.rawValue, &text)
    }
    self.init(OwnedDescriptor(owning: device))
  }

  package func call(_ request: VFIORequest, _ structure: inout [UInt8]) throws(SystemFailure) -> Int32 {
    let raw = descriptor.raw
    let answer = unsafe structure.withUnsafeMutableBytes { bytes in
      while true {
        let answer = unsafe gvt_vfio_call(raw, request.rawValue, bytes.baseAddress)
        if answer >= 0 || errno != EINTR { return answer < 0 ? -errno : answer }
      }
    }
    guard answer >= 0 else { throw SystemFailure("ioctl(\(request.name))", -answer) }
    return answer
  }

  package func read(at offset: UInt64) throws(SystemFailure) -> UInt32 {
    let (raw, place) = (descriptor.raw, Int(bitPattern: UInt(offset)))
    var word: UInt32 = 0
    let count = try check("pread") { unsafe pread(raw, &word, 4, place) }
    guard count == 4 else { throw SystemFailure("pread", EIO) }
    return word
  }

  package func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemFailure) {
    let (raw, place) = (descriptor.raw, Int(bitPattern: UInt(offset)))
    let count = try check("pwrite") { unsafe pwrite(raw, bytes, bytes.count, place) }
    guard count == bytes.count else { throw SystemFailure("pwrite", EIO) }
  }

  package func map(offset: UInt64, count: Int) throws(SystemFailure) -> Mapping {
    try Mapping(descriptor, offset: Int(bitPattern: UInt(offset)), count: count, guarded: true)
  }
}

extension VFIORequest {
  /// The name in linux/vfio.h.
  fileprivate var name: String {
    switch self {
    case .groupDevice: "VFIO_GROUP_GET_DEVICE_FD"
    case .deviceInfo: "VFIO_DEVICE_GET_INFO"
    case .regionInfo: "VFIO_DEVICE_GET_REGION_INFO"
    case .queryPlane: "VFIO_DEVICE_QUERY_GFX_PLANE"
    case .planeDMABuf: "VFIO_DEVICE_GET_GFX_DMABUF"
    }
  }
}
