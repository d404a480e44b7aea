use super::Input;
use super::numbers::Numbers;

/// Damages a file without regard to what its bytes mean, as networks and disks do.
pub fn damage(input: &mut Input, other: &[u8], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        if !input.bytes.is_empty() {
            damage_once(&mut input.bytes, other, numbers);
        }
    }
    match numbers.below(6) {
        0 => input.file_bytes = input.bytes.len() as u64,
        1 => input.file_bytes = numbers.hostile(),
        2 => input.file_bytes = input.file_bytes.wrapping_sub(numbers.below(1 << 20) as u64),
        _ => {}
    }
    // No file has fewer bytes than were read of it.
    input.bytes.truncate(usize::try_from(input.file_bytes).unwrap_or(usize::MAX));
}

fn damage_once(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let place = numbers.below(bytes.len());
    match numbers.below(8) {
        0 => bytes.truncate(place),
        1 => bytes[place] ^= 1 << numbers.below(8),
        2 => bytes[place] = numbers.next() as u8,
        3 => {
            let length = if numbers.below(2) == 0 { 4 } else { 8 };
            write(bytes, place, length, numbers.hostile());
        }
        // The counts of the header, and the length of the first key.
        4 => {
            let place = *numbers.one_of(&[4, 8, 16, 24]);
            write(bytes, place, 8, numbers.hostile());
        }
        5 => {
            let from = numbers.below(other.len());
            let length = numbers.below(200).min(other.len() - from);
            let end = (place + numbers.below(200)).min(bytes.len());
            bytes.splice(place..end, other[from..from + length].iter().copied());
        }
        6 => {
            let end = (place + 1 + numbers.below(64)).min(bytes.len());
            bytes.drain(place..end);
        }
        _ => {
            let end = (place + 1 + numbers.below(64)).min(bytes.len());
            let again = bytes[place..end].to_vec();
            bytes.splice(place..place, again);
        }
    }
}

/// Writes a number over what is there, as far as there is anything.
fn write(bytes: &mut [u8], place: usize, length: usize, number: u64) {
    let place = place.min(bytes.len());
    let length = length.min(bytes.len() - place);
    bytes[place..place + length].copy_from_slice(&number.to_le_bytes()[..length]);
}
