// Which kinds of SPEC a host can serve, put together from what was found.
import GVTCore

enum SourceReadiness {
  static func all(_ survey: HostSurvey, _ findings: [Finding]) -> [DoctorReport.Source] {
    [qemu(survey), vgpu(survey), vfio(survey, findings), drm(survey)]
  }

  static func qemu(_ survey: HostSurvey) -> DoctorReport.Source {
    let ready = "VMs with -display dbus,p2p=yes and a QMP socket"
    return source("qemu:", survey, since: QEMUFeature.display, ready) {
      $0.hasDBusDisplay ? nil : "ui-dbus.so is missing"
    }
  }

  static func vgpu(_ survey: HostSurvey) -> DoctorReport.Source {
    source("vgpu:", survey, since: QEMUFeature.vfioUser, "emulated vGPUs that VMs attach; no GPU is needed") { _ in nil
    }
  }

  private static func source(
    _ kind: String, _ survey: HostSurvey, since feature: QEMUVersion, _ ready: String,
    lack: (InstalledQEMU) -> String?
  ) -> DoctorReport.Source {
    guard let qemu = survey.qemu else { return .init(kind: kind, isReady: false, sentence: "no QEMU is installed") }
    guard let version = qemu.version else {
      return .init(kind: kind, isReady: false, sentence: "needs QEMU \(feature); this one's version is not known")
    }
    if version < feature {
      return .init(kind: kind, isReady: false, sentence: "needs QEMU \(feature); this is \(version)")
    }
    if let lack = lack(qemu) { return .init(kind: kind, isReady: false, sentence: lack) }
    return .init(kind: kind, isReady: true, sentence: ready)
  }

  /// Whatever makes mediated devices is taken to have planes; only asking one tells.
  static func vfio(_ survey: HostSurvey, _ findings: [Finding]) -> DoctorReport.Source {
    guard survey.hasMediatedGraphics else {
      return .init(kind: "vfio:", isReady: false, sentence: "nothing here makes vGPUs")
    }
    let topics: [Finding.Topic] = [.host, .gpu, .rights]
    if let finding = findings.first(where: { $0.verdict == .blocks && topics.contains($0.topic) }) {
      return .init(kind: "vfio:", isReady: false, sentence: "blocked, first of all by \(finding.subject)")
    }
    if !survey.process.has(.trace) {
      return .init(kind: "vfio:", isReady: false, sentence: "not by this user: see Attaching to VMs")
    }
    let count = survey.mdevs.count
    let made = count == 0 ? "none is made yet" : count == 1 ? "1 is made" : "\(count) are made"
    return .init(kind: "vfio:", isReady: true, sentence: "vGPUs of running VMs; \(made)")
  }

  static func drm(_ survey: HostSurvey) -> DoctorReport.Source {
    let cards = survey.root.entries(of: "/dev/dri").filter { $0.hasPrefix("card") }.map { "/dev/dri/" + $0 }
    if cards.isEmpty { return .init(kind: "drm:", isReady: false, sentence: "there is no /dev/dri/card0") }
    if !survey.process.has(.administer) {
      return .init(kind: "drm:", isReady: false, sentence: "not by this user: see Planes of drm:")
    }
    return .init(kind: "drm:", isReady: true, sentence: "what is on the screens of \(cards.joined(separator: ", "))")
  }
}
