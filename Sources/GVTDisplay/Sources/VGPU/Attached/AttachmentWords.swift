// What to tell people while no VM is attached.

/// The words for a vGPU's socket.
struct AttachmentWords {
  let socketPath: String

  /// Why there is no picture, and how to get one.
  var sentence: String { "No VMM is connected to \(socketPath)." }

  var card: StatusCard {
    StatusCard(
      title: "No VM is connected",
      detail: """
        This vGPU waits for a VMM at \(socketPath). QEMU 10.1 and later: -device '\(qemuDevice)' \
        with memory-backend-memfd,share=on as the guest's memory.
        """)
  }

  /// The value of QEMU's `-device`.
  var qemuDevice: String {
    #"{"driver": "vfio-user-pci", "addr": "02.0", "socket": {"type": "unix", "path": "\#(socketPath)"}}"#
  }
}
