// Whether a host is ready, and what to change: gathered from checks, told by topic.
import GVTCore
import GVTDisplay

/// What `doctor` prints.
struct DoctorReport: Codable, Equatable, Sendable {
  /// Whether this host can serve SPECs of a kind.
  struct Source: Codable, Equatable, Sendable {
    /// How its SPECs begin: `qemu:`.
    var kind: String
    var isReady: Bool
    /// What it serves, or why it cannot.
    var sentence: String
  }

  var findings: [Finding]
  var sources: [Source]
  var blocking: Int
  var advice: Int

  init(_ survey: HostSurvey, displays: [Finding]) {
    findings = survey.findings + displays
    blocking = findings.count { $0.verdict == .blocks }
    advice = findings.count { $0.verdict == .advice }
    sources = SourceReadiness.all(survey, findings)
  }

  static func gather(_ survey: HostSurvey, _ places: Places) throws(CommandFailure) -> DoctorReport {
    let entries = try ConfigurationFolder(path: places.configuration).entries()
    let owner = { (port: Int) in PortOwner.find(port: port, proc: survey.root.place(of: "/proc")) }
    return DoctorReport(survey, displays: displays(entries, in: survey.root, owner: owner))
  }

  /// Configured displays whose files are wrong, or whose ports are somebody else's.
  static func displays(
    _ entries: [ConfigurationFolder.Entry], in root: HostRoot, owner: (Int) -> PortOwner?
  ) -> [Finding] {
    var findings: [Finding] = []
    for entry in entries {
      switch entry.settings {
      case .failure(let failure):
        // A copied host's paths are told as they are there.
        let sentence = failure.description.dropFirst(failure.description.hasPrefix(root.prefix) ? root.prefix.count : 0)
        let fix = "gvt-vnc enable \(entry.name) SPEC --replace, or mend the file"
        findings.append(.blocks(.displays, entry.name, String(sentence), "it is not served as it is", fix: fix))
      case .success(let settings):
        for port in settings.ports where port != 0 {
          guard let owner = owner(port), !owner.isDisplay(title: settings.title ?? entry.name) else { continue }
          findings.append(
            .blocks(
              .displays, entry.name, "port \(port) is taken by \(owner)", "its viewers come by that port",
              fix: "end process \(owner.process)",
              "or: gvt-vnc enable \(entry.name) \(settings.source) --replace --port N"))
        }
      }
    }
    if !findings.isEmpty { return findings }
    let what = entries.isEmpty ? "none is enabled" : "\(entries.count) enabled, and nobody else has their ports"
    return [.ok(.displays, "Displays", what)]
  }

  /// All of it in lines of at most `width` columns, but for commands, which are not broken.
  func text(width: Int, isColoured: Bool) -> String {
    let style = Style(isColoured: isColoured)
    let subjects = findings.map(\.subject.count) + sources.map(\.kind.count)
    let layout = Layout(width: width, subjectWidth: min(subjects.max() ?? 0, 22), style: style)
    var blocks = Finding.Topic.allCases.compactMap { topic in
      let lines = findings.filter { $0.topic == topic }.map(layout.lines)
      return lines.isEmpty ? nil : style.bold(topic.title) + "\n" + lines.joined(separator: "\n")
    }
    blocks.append(style.bold("What this host can serve") + "\n" + sources.map(layout.line).joined(separator: "\n"))
    return blocks.joined(separator: "\n\n") + "\n\n" + style.bold(summary)
  }

  private var summary: String {
    let advice =
      advice == 0 ? "" : advice == 1 ? " There is 1 piece of advice." : " There are \(advice) pieces of advice."
    switch blocking {
    case 0: return "Nothing blocks." + advice
    case 1: return "1 thing blocks what this host is made for." + advice
    default: return "\(blocking) things block what this host is made for." + advice
    }
  }
}

extension Finding.Topic {
  fileprivate var title: String {
    switch self {
    case .host: "Host"
    case .gpu: "GPUs and vGPUs"
    case .rights: "Rights"
    case .qemu: "QEMU"
    case .buffers: "Reading pictures"
    case .displays: "Displays"
    }
  }
}

/// How a finding is laid out.
private struct Layout {
  let width: Int
  let subjectWidth: Int
  let style: Style

  private func head(_ mark: String, _ subject: String) -> String {
    let padding = String(repeating: " ", count: max(0, subjectWidth - subject.count))
    let markPadding = String(repeating: " ", count: max(0, 6 - mark.count))
    return "  " + mark + markPadding + "  " + Table.printable(subject) + padding + "  "
  }

  func lines(_ finding: Finding) -> String {
    let head = head(finding.verdict.rawValue, finding.subject)
    var text = style.marked(Paragraph.hanging(head, finding.found, width: width), finding.verdict)
    let indent = String(repeating: " ", count: 10)
    if let wanted = finding.wanted { text += "\n" + Paragraph.hanging(indent, wanted, width: width) }
    for line in finding.remedy { text += "\n" + indent + "> " + style.bold(Table.printable(line)) }
    return text
  }

  func line(_ source: DoctorReport.Source) -> String {
    let text = Paragraph.hanging(head(source.isReady ? "yes" : "no", source.kind), source.sentence, width: width)
    return style.marked(text, source.isReady ? .ok : nil)
  }
}

/// Colours, where there is a terminal that shows them.
struct Style {
  let isColoured: Bool

  func bold(_ text: String) -> String { isColoured ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

  /// The word at columns 2 to 7 in green, yellow or red.
  func marked(_ text: String, _ verdict: Finding.Verdict?) -> String {
    guard isColoured, let verdict else { return text }
    let colour =
      switch verdict {
      case .ok: 32
      case .advice: 33
      case .blocks: 31
      }
    return "\u{1b}[\(colour)m\(text.prefix(8))\u{1b}[0m\(text.dropFirst(8))"
  }
}
