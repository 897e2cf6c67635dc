//! Which addresses are globally reachable: IANA's special-purpose registries as they stood on 2025-10-09.
//!
//! Written down here, because a corpus must not change with a library's tables. What the registries call N/A (6to4,
//! Teredo, ORCHID) does not count as reachable; what they do not list does, multicast included.

use std::net::IpAddr;

/// (first address, length of the prefix, reachable); the longest prefix comes first where one lies in another.
const V4: [(u32, u32, bool); 20] = [
    (v4(0, 0, 0, 0), 8, false),
    (v4(10, 0, 0, 0), 8, false),
    (v4(100, 64, 0, 0), 10, false),
    (v4(127, 0, 0, 0), 8, false),
    (v4(169, 254, 0, 0), 16, false),
    (v4(172, 16, 0, 0), 12, false),
    (v4(192, 0, 0, 9), 32, true),
    (v4(192, 0, 0, 10), 32, true),
    (v4(192, 0, 0, 0), 24, false),
    (v4(192, 0, 2, 0), 24, false),
    (v4(192, 31, 196, 0), 24, true),
    (v4(192, 52, 193, 0), 24, true),
    (v4(192, 88, 99, 0), 24, false),
    (v4(192, 168, 0, 0), 16, false),
    (v4(192, 175, 48, 0), 24, true),
    (v4(198, 18, 0, 0), 15, false),
    (v4(198, 51, 100, 0), 24, false),
    (v4(203, 0, 113, 0), 24, false),
    (v4(255, 255, 255, 255), 32, false),
    (v4(240, 0, 0, 0), 4, false),
];

const V6: [(u128, u32, bool); 22] = [
    (0, 128, false),
    (1, 128, false),
    (v6(0, 0, 0x0000_ffff), 96, false),
    (v6(0x0064_ff9b, 0, 0), 96, true),
    (v6(0x0064_ff9b, 0x0001_0000, 0), 48, false),
    (v6(0x0100_0000, 0, 0), 64, false),
    (v6(0x0100_0000, 1, 0), 64, false),
    (v6(0x2001_0001, 0, 0) | 1, 128, true),
    (v6(0x2001_0001, 0, 0) | 2, 128, true),
    (v6(0x2001_0001, 0, 0) | 3, 128, true),
    (v6(0x2001_0003, 0, 0), 32, true),
    (v6(0x2001_0004, 0x0112_0000, 0), 48, true),
    (v6(0x2001_0020, 0, 0), 28, true),
    (v6(0x2001_0030, 0, 0), 28, true),
    (v6(0x2001_0000, 0, 0), 23, false),
    (v6(0x2001_0db8, 0, 0), 32, false),
    (v6(0x2002_0000, 0, 0), 16, false),
    (v6(0x2620_004f, 0x8000_0000, 0), 48, true),
    (v6(0x3fff_0000, 0, 0), 20, false),
    (v6(0x5f00_0000, 0, 0), 16, false),
    (v6(0xfc00_0000, 0, 0), 7, false),
    (v6(0xfe80_0000, 0, 0), 10, false),
];

const fn v4(a: u32, b: u32, c: u32, d: u32) -> u32 {
    a << 24 | b << 16 | c << 8 | d
}

/// An address by its first three times 32 bits; the rest is zero.
const fn v6(a: u128, b: u128, c: u128) -> u128 {
    a << 96 | b << 64 | c << 32
}

/// Whether the address is globally reachable.
pub fn is_global_v4(address: u32) -> bool {
    V4.iter()
        .find(|(first, length, _)| (address ^ first) >> (32 - length) == 0)
        .is_none_or(|(_, _, reachable)| *reachable)
}

/// Whether the address is globally reachable.
pub fn is_global_v6(address: u128) -> bool {
    V6.iter()
        .find(|(first, length, _)| (address ^ first) >> (128 - length) == 0)
        .is_none_or(|(_, _, reachable)| *reachable)
}

/// Whether a written address is globally reachable; none where it is no address.
pub fn is_global(address: &str) -> Option<bool> {
    match address.parse().ok()? {
        IpAddr::V4(address) => Some(is_global_v4(address.into())),
        IpAddr::V6(address) => Some(is_global_v6(address.into())),
    }
}
