//! Base 32 as Nix writes it: an alphabet without `e`, `o`, `t` and `u`, the last bits first.

/// The digits by their value.
pub const ALPHABET: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// Why text is not nixbase32.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A character outside the alphabet.
    #[error("`{character}` at {position} is no digit of nixbase32")]
    Symbol {
        /// The character.
        character: char,
        /// Where, counted from 0.
        position: usize,
    },
    /// No number of bytes is written with so many digits.
    #[error("{digits} digits of nixbase32 are no whole number of bytes")]
    Length {
        /// How many there are.
        digits: usize,
    },
    /// Bits beyond the last byte.
    #[error("the unused bits of the first digit are not zero")]
    Trailing,
}

/// How many digits that many bytes have.
#[must_use]
pub fn encode_len(bytes: usize) -> usize {
    (bytes * 8).div_ceil(5)
}

/// How many bytes that many digits hold.
#[must_use]
pub fn decode_len(digits: usize) -> usize {
    digits * 5 / 8
}

/// The digits of some bytes.
#[must_use]
pub fn encode(input: &[u8]) -> String {
    (0..encode_len(input.len()))
        .rev()
        .map(|digit| {
            let (byte, shift) = (digit * 5 / 8, digit * 5 % 8);
            let word = u16::from(at(input, byte)) | u16::from(at(input, byte + 1)) << 8;
            char::from(at(ALPHABET, usize::from(word >> shift & 31)))
        })
        .collect()
}

fn at(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or(0)
}

/// The bytes that some digits stand for.
///
/// # Errors
/// [`DecodeError`]; each value has exactly one way of being written.
pub fn decode(input: impl AsRef<[u8]>) -> Result<Vec<u8>, DecodeError> {
    let input = input.as_ref();
    let length = decode_len(input.len());
    if encode_len(length) != input.len() {
        return Err(DecodeError::Length { digits: input.len() });
    }
    let mut output = vec![0; length];
    for (digit, (position, character)) in input.iter().enumerate().rev().enumerate() {
        let Some(value) = ALPHABET.iter().position(|known| known == character) else {
            return Err(DecodeError::Symbol { character: char::from(*character), position });
        };
        let (byte, shift) = (digit * 5 / 8, digit * 5 % 8);
        // A digit is below 32, so that it reaches into the next byte at most.
        let word = u16::try_from(value).unwrap_or(0) << shift;
        let [low, high] = word.to_le_bytes();
        for (index, bits) in [(byte, low), (byte + 1, high)] {
            match output.get_mut(index) {
                Some(target) => *target |= bits,
                None if bits != 0 => return Err(DecodeError::Trailing),
                None => {}
            }
        }
    }
    Ok(output)
}
