//! Secrets that the operator hands over. They are wiped after use and do not print.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::raw::Raw;
use super::visit::Setting;

/// Why there is no master key. None of the texts repeats it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not 32 bytes in one of the two writings.
    #[error(
        "is not a master key: 64 hexadecimal digits or 43 characters of base64url; make one with: openssl rand -hex 32"
    )]
    Malformed,
    /// All bytes alike: an example, not a key.
    #[error("is 32 times the same byte, so it is not random; make a key with: openssl rand -hex 32")]
    NotRandom,
    /// The file cannot be read or made.
    #[error("the key file {0} cannot be used: {1}; name a file that this user may read")]
    File(String, std::io::Error),
}

/// The 32 bytes under which every secret at rest is sealed. Nothing is derived from it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Takes 32 random bytes.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// Reads 64 hexadecimal digits, or base64url with or without padding.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] and [`KeyError::NotRandom`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let key = if text.len() == 64 {
            from_hex(text)
        } else {
            URL_SAFE_NO_PAD
                .decode(text.strip_suffix('=').unwrap_or(text))
                .ok()
                .map(Zeroizing::new)
                .and_then(|bytes| bytes.as_slice().try_into().ok())
        }
        .ok_or(KeyError::Malformed)?;
        let [first, rest @ ..] = key;
        if rest.iter().all(|byte| *byte == first) {
            return Err(KeyError::NotRandom);
        }
        Ok(Self(key))
    }

    /// The key bytes, for sealing and opening.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key in the file `path`; if there is no such file, `fresh` is written there first, readable by this user alone.
    ///
    /// # Errors
    /// [`KeyError::File`] if the file can neither be read nor made, and as [`MasterKey::parse`].
    pub fn read_or_create(path: &Path, fresh: &Self) -> Result<Self, KeyError> {
        match write_new(path, fresh) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(KeyError::File(path.display().to_string(), error)),
        }
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| KeyError::File(path.display().to_string(), error))?;
        Self::parse(&text)
    }
}

/// Fails with `AlreadyExists` if there is a file. A reader never sees half of it: it is written aside and linked into
/// place.
fn write_new(path: &Path, key: &MasterKey) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    if path.exists() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in key.expose() {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default()));
    }
    text.push('\n');
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let _ = std::fs::remove_file(&aside);
    let write = || {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::hard_link(&aside, path)
    };
    let outcome = write();
    let _ = std::fs::remove_file(&aside);
    outcome
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    for (slot, [high, low]) in key.iter_mut().zip(pairs) {
        let digit = |byte: &u8| {
            char::from(*byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        *slot = digit(high)? << 4 | digit(low)?;
    }
    Some(key)
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl Setting for MasterKey {
    const WANTED: &'static str = "a master key; make one with: openssl rand -hex 32";

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let text = raw.text::<Self>().map_err(|_| KeyError::Malformed.to_string())?;
        Self::parse(text).map_err(|error| error.to_string())
    }

    fn show(&self) -> toml::Value {
        "(set)".into()
    }
}

/// Our password at another server: for mail, or at a store.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// Takes the password.
    #[must_use]
    pub const fn new(password: String) -> Self {
        Self(password)
    }

    /// The password, for that server.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    const BASE64URL: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn both_writings_give_the_same_key() {
        let key = MasterKey::parse(HEX).expect("parses");
        assert_eq!(key.expose()[31], 31);
        for text in [BASE64URL.to_owned(), format!("{BASE64URL}=\n"), format!(" {HEX}\n")] {
            assert_eq!(MasterKey::parse(&text).expect("parses").expose(), key.expose());
        }
    }

    #[test]
    fn what_is_not_32_random_bytes_is_refused() {
        for bad in [
            "",
            "secret",
            &HEX[1..],
            &format!("{HEX}00"),
            &HEX.replace('0', "g"),
            &"\u{e9}".repeat(32),
        ] {
            assert!(matches!(MasterKey::parse(bad), Err(KeyError::Malformed)), "{bad:?}");
        }
        assert!(matches!(MasterKey::parse(&"ab".repeat(32)), Err(KeyError::NotRandom)));
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", MasterKey::new([7; 32])), "MasterKey(..)");
        assert_eq!(format!("{:?}", Password::new("hunter2".into())), "Password(..)");
    }

    #[test]
    fn a_key_file_is_made_once_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("master.key");
        let first = MasterKey::parse(HEX).expect("parses");
        let made = MasterKey::read_or_create(&path, &first).expect("made");
        assert_eq!(made.expose(), first.expose());
        let kept = MasterKey::read_or_create(&path, &MasterKey::new([9; 32])).expect("read");
        assert_eq!(kept.expose(), first.expose());
        let permissions = std::fs::metadata(&path).expect("there").permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).expect("lists").count(), 1);
    }

    proptest::proptest! {
        #[test]
        fn every_random_key_survives_its_file(key: [u8; 32]) {
            let dir = tempfile::tempdir().expect("folder");
            let key = MasterKey::new(key);
            let read = MasterKey::read_or_create(&dir.path().join("k"), &key).expect("made");
            proptest::prop_assert_eq!(read.expose(), key.expose());
        }
    }
}
