// How pictures are read: udmabuf for guests' scattered pages, GL for buffers that cannot be mapped.

enum BufferChecks {
  static func findings(_ host: HostSurvey) -> [Finding] {
    [udmabuf(host)] + (host.gpus.isEmpty ? [] : [libraries(host)])
  }

  /// Optional: without it, pages are mapped one by one.
  static func udmabuf(_ host: HostSurvey) -> Finding {
    let device = "/dev/udmabuf"
    let wanted = "with it a guest's scattered pages are one buffer; without, they are mapped one by one"
    guard host.root.exists(device) else {
      if host.configuration?["CONFIG_UDMABUF"] == nil && host.modules.state("udmabuf") != .available {
        // Debian's kernels have it since 6.12.
        return .advice(.buffers, "udmabuf", "this kernel has none", wanted)
      }
      return .advice(.buffers, "udmabuf", "there is no \(device)", wanted, fix: "modprobe udmabuf")
    }
    if host.root.mayReadAndWrite(device, host.process) == false {
      return .advice(
        .buffers, "udmabuf", "\(device) is closed to this user", wanted,
        fix: host.root.joinGroup(of: device, host.process))
    }
    return .ok(.buffers, "udmabuf", "\(device) is there")
  }

  /// Loaded at run time, and only where a buffer cannot be mapped: nearly always with a GPU.
  static func libraries(_ host: HostSurvey) -> Finding {
    let folders = [
      "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu",
      "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib",
    ]
    let missing = ["libEGL.so.1", "libgbm.so.1", "libGLESv2.so.2"].filter { name in
      !folders.contains { host.root.exists("\($0)/\(name)") }
    }
    if missing.isEmpty { return .ok(.buffers, "GL libraries", "EGL, GBM and GLES are there") }
    return .advice(
      .buffers, "GL libraries", "missing: \(missing.joined(separator: ", "))",
      "a vGPU's buffers cannot be mapped, and are read by EGL",
      fix: "apt install libegl1 libgbm1 libgles2 libgl1-mesa-dri")
  }
}
