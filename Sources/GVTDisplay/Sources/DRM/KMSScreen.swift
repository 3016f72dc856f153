// Which of a device's CRTCs is served.
import GVTCore
import Glibc

/// A CRTC that is on.
struct KMSScreen: Equatable {
  var crtc: UInt32
  /// Its place among the device's CRTCs.
  var index: Int
  /// The connectors that show it, by name.
  var connectors: [String]
  var mode: KMSMode
  var state: KMSCRTC
}

/// A device's CRTCs and connectors at one moment.
struct KMSTopology {
  private let crtcs: [(id: UInt32, state: KMSCRTC)]
  private let connectors: [KMSConnector]

  init(of device: any KMSDevice) throws(SystemFailure) {
    let resources = try device.resources()
    var crtcs: [(id: UInt32, state: KMSCRTC)] = []
    for id in resources.crtcs { crtcs.append((id, try device.crtc(id))) }
    var connectors: [KMSConnector] = []
    for id in resources.connectors {
      do throws(SystemFailure) {
        connectors.append(try device.connector(id))
      } catch {
        // Unplugged since the list was made, as a dock's can be.
        if error.code != ENOENT && error.code != EINVAL { throw error }
      }
    }
    self.crtcs = crtcs
    self.connectors = connectors
  }

  /// The screen that `wish` names; of several that would do, `current`, which was shown before.
  func screen(_ wish: DRMSpec.Screen, staying current: UInt32?, path: String) throws(KMSRefusal) -> KMSScreen {
    switch wish {
    case .first:
      let lit = crtcs.indices.filter { crtcs[$0].state.mode != nil }
      if let index = lit.first(where: { crtcs[$0].id == current }) ?? lit.first, let screen = screen(index) {
        return screen
      }
      throw .waiting("The screens are off", "\(path) shows nothing: none of its screens is on.")
    case .crtc(let number):
      guard crtcs.indices.contains(number) else {
        throw .failed(
          "No such screen", "\(path) has \(crtcs.count) CRTCs, counted from 0: there is none of number \(number).")
      }
      if let screen = screen(number) { return screen }
      throw .waiting("The screen is off", "CRTC \(number) of \(path) is off.")
    case .connector(let name): return try screen(ofConnector: name, path: path)
    }
  }

  private func screen(ofConnector name: String, path: String) throws(KMSRefusal) -> KMSScreen {
    guard let connector = connectors.first(where: { $0.name == name }) else {
      let names = connectors.map(\.name).joined(separator: ", ")
      throw .failed(
        "No such connector",
        "\(path) has no connector \(name)" + (names.isEmpty ? "." : "; it has \(names)."))
    }
    if let index = crtcs.firstIndex(where: { $0.id == connector.crtc }), let screen = screen(index) { return screen }
    throw connector.isConnected
      ? .waiting("The screen is off", "Connector \(name) of \(path) is off.")
      : .waiting("Nothing is plugged in", "Connector \(name) of \(path) is off, and nothing is plugged into it.")
  }

  private func screen(_ index: Int) -> KMSScreen? {
    let (id, state) = crtcs[index]
    guard let mode = state.mode else { return nil }
    return KMSScreen(
      crtc: id, index: index, connectors: connectors.filter { $0.crtc == id }.map(\.name), mode: mode, state: state)
  }
}
