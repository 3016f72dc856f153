// How often a function of the kernel in a host VM was called: a kprobe (Documentation/trace/kprobetrace.rst).

package final class KernelCalls {
  private static let folder = "/sys/kernel/tracing"
  private let vm: HostVM
  private let name: String

  /// Counts from now on. `dma_buf_export` is called once for each dmabuf that a device gives out.
  package init(of function: String, in vm: HostVM) throws {
    self.vm = vm
    name = "gvt_\(function)"
    try vm.output(
      of: """
        [ -e \(Self.folder)/kprobe_events ] || mount -t tracefs tracefs \(Self.folder)
        echo 'p:\(name) \(function)' >>\(Self.folder)/kprobe_events && echo 1 >\(Self.folder)/events/kprobes/\(name)/enable
        """)
  }

  deinit {
    _ = try? vm.run(
      "echo 0 >\(Self.folder)/events/kprobes/\(name)/enable; echo '-:\(name)' >>\(Self.folder)/kprobe_events")
  }

  package var count: Int {
    get throws {
      let line = try vm.output(of: "grep -w \(name) \(Self.folder)/kprobe_profile")
      guard let count = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
        throw TestFailure("the kernel's count of \(name): '\(line)'")
      }
      return count
    }
  }
}
