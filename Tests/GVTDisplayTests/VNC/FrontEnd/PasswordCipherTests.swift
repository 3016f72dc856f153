import Testing

@testable import GVTDisplay

struct PasswordCipherTests {
  // DES in ECB mode, each byte of the key with its bits reversed; made with OpenSSL.
  private static let challenge: [UInt8] = Array(0..<16)
  private static let expected: [UInt8] = [
    0xb8, 0x66, 0x92, 0x41, 0x25, 0xc8, 0xee, 0xbb, 0x9d, 0xeb, 0xc1, 0xdb, 0x61, 0xc5, 0x38, 0xe2,
  ]

  @Test func `only eight bytes count and an end mark ends them`() throws {
    let answer = try #require(PasswordCipher.answer(to: Self.challenge, password: Array("12345678".utf8)))
    #expect(answer == PasswordCipher.answer(to: Self.challenge, password: Array("123456789".utf8)))
    #expect(answer != PasswordCipher.answer(to: Self.challenge, password: Array("1234567".utf8)))
    #expect(
      PasswordCipher.answer(to: Self.challenge, password: [0x31, 0, 0x32])
        == PasswordCipher.answer(to: Self.challenge, password: [0x31]))
  }

  @Test func `a key that the library refuses gives no answer rather than the challenge itself`() {
    #expect(PasswordCipher.answer(to: Self.challenge, password: []) != Self.challenge)
  }

  @Test func `the answer is the one that viewers give`() throws {
    #expect(PasswordCipher.answer(to: Self.challenge, password: Array("password".utf8)) == Self.expected)
  }
}
