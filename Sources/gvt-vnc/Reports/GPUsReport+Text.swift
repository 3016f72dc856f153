// What `gpus` prints for people: a paragraph for each GPU.

extension GPUsReport {
  var text: String {
    let parts = gpus.map(\.text) + otherParents.map(\.text)
    guard !gpus.isEmpty else {
      return ([Self.absence] + parts).joined(separator: "\n\n")
    }
    return parts.joined(separator: "\n\n")
  }

  private static let absence = """
    This host has no GPU. Its VMs can be shown all the same: with QEMU's D-Bus display (gvt-vnc serve qemu:...), or with an
    emulated vGPU (gvt-vnc serve vgpu:...).
    """
}

extension GPUsReport.Entry {
  fileprivate var text: String {
    let rows: [(String, String?)] = [
      ("Driver", driverText), ("Screens", screensText), ("vGPUs", sharing?.sentence), ("Make one", creation),
    ]
    let lines = rows.flatMap { label, text in text.map { Paragraph.lines(label, $0) } ?? [] }
    let tables = [MdevTypeEntry.table(types), virtualFunctions?.table].compactMap { $0 }.map { "\n" + $0 }
    return ([title] + lines + tables).joined(separator: "\n")
  }

  private var title: String {
    let model = [vendor.map(Self.short), name ?? "device \(vendorID):\(deviceID)"].compactMap { $0 }
    let kind = generation.map { ", \($0) (Gen \(graphicsVersion ?? "?"))" } ?? ""
    return Table.printable("\(address)  \(model.joined(separator: " "))\(kind)")
  }

  /// As people call them.
  private static func short(_ vendor: String) -> String {
    let known = ["Intel Corporation": "Intel", "NVIDIA Corporation": "NVIDIA"]
    if vendor.hasPrefix("Advanced Micro Devices") { return "AMD" }
    return known[vendor] ?? vendor
  }

  private var driverText: String {
    ([driver ?? "none"] + [renderNode, cardNode].compactMap { $0 }
      + (isBootDisplay ? ["boot display"] : []))
      .joined(separator: ", ")
  }

  private var screensText: String? {
    let lit = connectors.filter { $0.status == "connected" }.map {
      [$0.name, $0.mode].compactMap { $0 }.joined(separator: " ")
    }
    let dark = connectors.filter { $0.status != "connected" }.map(\.name)
    let parts = [lit.joined(separator: ", "), dark.isEmpty ? "" : dark.joined(separator: ", ") + " not connected"]
    let text = parts.filter { !$0.isEmpty }.joined(separator: "; ")
    return text.isEmpty ? nil : text
  }

  private var creation: String? {
    guard sharing?.isReady == true else { return nil }
    guard let type = types.first(where: { $0.available ?? 0 > 0 }) else {
      let isMade = types.contains { !$0.instances.isEmpty }
      return isMade ? "nothing is free: remove one first (gvt-vnc vgpu remove UUID)" : nil
    }
    return "gvt-vnc vgpu create --type \(type.type)"
  }
}

extension GPUsReport.Parent {
  fileprivate var text: String {
    [Table.printable("\(name)  makes mediated devices, and is no GPU"), MdevTypeEntry.table(types)]
      .compactMap { $0 }.joined(separator: "\n\n")
  }
}

extension MdevTypeEntry {
  /// Nil if there are none.
  fileprivate static func table(_ types: [MdevTypeEntry]) -> String? {
    guard !types.isEmpty else { return nil }
    let rows = types.map { ["  ", $0.type, $0.freeText, "\($0.instances.count)", $0.summary] }
    return Table.text([["  ", "TYPE", "FREE", "MADE", "WHAT IT IS"]] + rows)
  }
}

extension GPUsReport.VirtualFunctions {
  /// Nil if none is enabled.
  fileprivate var table: String? {
    guard !functions.isEmpty else { return nil }
    let isTyped = functions.contains { $0.creatableTypes != nil }
    let head = ["  ", "FUNCTION", "DRIVER"] + (isTyped ? ["VGPU TYPE"] : []) + ["USED BY"]
    let rows = functions.map { function in
      ["  ", function.address, function.driver ?? "none"] + (isTyped ? [function.typeText] : [])
        + [function.usersText]
    }
    return Table.text([head] + rows)
  }
}

extension GPUsReport.Function {
  fileprivate var usersText: String {
    if users.isEmpty { return areUsersKnown ? "nobody" : "only root sees" }
    return users.map(\.text).joined(separator: ", ")
  }

  fileprivate var typeText: String {
    if let currentType { return "\(currentType)" }
    return creatableTypes.map { $0.isEmpty ? "none" : "none; can be \($0.joined(separator: ", "))" } ?? "none"
  }
}

extension Paragraph {
  /// A label and a text in lines of a readable width.
  fileprivate static func lines(_ label: String, _ text: String) -> [String] {
    [hanging("  " + label + String(repeating: " ", count: max(1, 10 - label.count)), text, width: 100)]
  }
}
