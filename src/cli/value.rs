//! Values of arguments that are checked as they are read.

use crate::release::vetting::check_person;
use crate::release::{Fingerprint, ObjectId, Sha256Digest, Time, name};

/// A tag name, by git's rules and not starting with `-`.
///
/// # Errors
/// The rule that is broken, for clap to show.
pub fn tag_name(text: &str) -> Result<String, String> {
    name::check_tag_name(text).map(|()| text.to_string()).map_err(|error| error.to_string())
}

/// A project's name, `/`-separated.
///
/// # Errors
/// The rule that is broken.
pub fn project(text: &str) -> Result<String, String> {
    name::check_place("the project", text).map(|()| text.to_string()).map_err(|error| error.to_string())
}

/// `NAME=PATH`, the name as the policy has it.
///
/// # Errors
/// What it should look like.
pub fn named_path(text: &str) -> Result<(String, std::path::PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.into(), path.into())),
        _ => Err("write the name that the policy has for it, = and the path".into()),
    }
}

/// A point in time.
///
/// # Errors
/// What it should look like.
pub fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).map_err(|error| error.to_string())
}

/// A whole git object id.
///
/// # Errors
/// What it should look like.
pub fn object_id(text: &str) -> Result<ObjectId, String> {
    ObjectId::parse(text).map_err(|error| error.to_string())
}

/// A SHA-256 digest.
///
/// # Errors
/// What it should look like.
pub fn sha256(text: &str) -> Result<Sha256Digest, String> {
    Sha256Digest::parse(text).map_err(|error| error.to_string())
}

/// A whole OpenPGP fingerprint.
///
/// # Errors
/// What it should look like.
pub fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    Fingerprint::parse(text).map_err(|error| error.to_string())
}

/// A user id as it is written into a new certificate: one line of text.
///
/// # Errors
/// What is wrong with it.
pub fn user_id(text: &str) -> Result<String, String> {
    let plain = !text.chars().any(char::is_control) && text.trim() == text;
    match (plain, text.len()) {
        (true, 5..=200) => Ok(text.to_string()),
        _ => {
            Err("a user id is one line of 5 to 200 bytes, like \"Release 2027.1 <release@example.org>\""
                .into())
        }
    }
}

/// A file descriptor that was opened for this run: 3 or higher, since 0 to 2
/// have their own uses.
///
/// # Errors
/// The reason.
pub fn descriptor(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number @ 3..=1023) => Ok(number),
        _ => {
            Err("give the number of an open file descriptor, 3 to 1023, as in: --passphrase-fd 3 3<FILE"
                .into())
        }
    }
}

/// Where the secret key comes from. Only standard input is offered: a key in
/// a file stays on a disk, one in the environment or in an argument is seen
/// in the list of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// `-`
    Stdin,
}

/// A [`KeySource`].
///
/// # Errors
/// The reason, for anything but `-`.
pub fn key_source(text: &str) -> Result<KeySource, String> {
    if text == "-" {
        return Ok(KeySource::Stdin);
    }
    Err("the key is read from standard input only: give --key - and pipe the key in, \
         so that it never lies in a file, an argument or the environment"
        .into())
}

/// A number of days, like `30` or `30d`.
///
/// # Errors
/// What it should look like.
pub fn day_count(text: &str) -> Result<u16, String> {
    let digits = text.strip_suffix('d').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| plain);
    number.ok_or_else(|| "write a number of days up to 65535, like 30 or 30d".into())
}

/// The same in seconds.
///
/// # Errors
/// What it should look like.
pub fn days(text: &str) -> Result<i64, String> {
    day_count(text).map(|days| i64::from(days) * 86_400)
}

/// Words for people that are not empty.
///
/// # Errors
/// That they are.
pub fn words(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("say something".into()) } else { Ok(text.to_string()) }
}

/// The name of a person.
///
/// # Errors
/// That it is none.
pub fn person(text: &str) -> Result<String, String> {
    check_person(text).map(|()| text.to_string()).map_err(String::from)
}

/// An address on the web, of plain characters: it goes into shell and Perl
/// snippets.
///
/// # Errors
/// What it should look like.
pub fn url(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:".contains(c);
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && rest.chars().all(plain) => Ok(text.trim_end_matches('/').into()),
        _ => Err("write it like https://downloads.example.org/releases".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_with_and_without_their_unit() {
        assert_eq!((day_count("30"), day_count("30d")), (Ok(30), Ok(30)));
        assert_eq!((days("60"), days("60d")), (Ok(60 * 86_400), Ok(60 * 86_400)));
        for bad in ["", "d", "30h", "30dd", "+30", "-1", "1.5", "65536", " 30"] {
            assert!(day_count(bad).is_err(), "{bad}");
        }
    }
}
