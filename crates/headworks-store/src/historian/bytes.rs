//! Reading and writing of small numbers in byte strings.

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged(pub(super) &'static str);

/// Takes numbers off the front of a byte string; everything it returns was really there.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// Bytes taken so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.len() == self.at
    }

    /// Takes all that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Damaged> {
        let byte = *self.bytes.get(self.at).ok_or(SHORT)?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let bytes = self.bytes[self.at..].first_chunk().ok_or(SHORT)?;
        self.at += N;
        Ok(*bytes)
    }

    pub(super) fn take(&mut self, count: u64) -> Result<&'a [u8], Damaged> {
        let left = &self.bytes[self.at..];
        let count = usize::try_from(count).map_err(|_| SHORT)?;
        let bytes = left.get(..count).ok_or(SHORT)?;
        self.at += count;
        Ok(bytes)
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Result<u32, Damaged> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline]
    pub(super) fn u64(&mut self) -> Result<u64, Damaged> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, Damaged> {
        self.array().map(i64::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Result<f64, Damaged> {
        self.array().map(f64::from_le_bytes)
    }

    /// Takes seven bits a byte, least first, while the top bit is set.
    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Damaged> {
        let mut number = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Damaged("a number is longer than 64 bits"))
    }
}

const SHORT: Damaged = Damaged("the data end too early");

/// Writes seven bits a byte, least first, the top bit set on all but the last.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
pub(super) fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while 0x80 <= number {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Maps small numbers of both signs to small numbers.
#[inline]
pub(super) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

/// Undoes [`zigzag`].
#[inline]
pub(super) fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

/// Narrows a length that the format keeps below 4 GiB.
///
/// # Panics
///
/// When it is not below; every caller bounds it first.
#[inline]
pub(super) fn to_u32(length: usize) -> u32 {
    u32::try_from(length).expect("lengths are bounded by the size of a seal")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number: u64, signed: i64) {
            let mut bytes = Vec::new();
            put_varint(number, &mut bytes);
            put_varint(zigzag(signed), &mut bytes);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.varint(), Ok(number));
            prop_assert_eq!(reader.varint().map(unzigzag), Ok(signed));
            prop_assert!(reader.is_empty());
            prop_assert_eq!(reader.varint(), Err(SHORT));
        }
    }

    #[test]
    fn a_number_without_end_is_damage() {
        assert!(Reader::new(&[0xFF; 20]).varint().is_err());
    }
}
