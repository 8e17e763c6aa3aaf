//! `mail.texts`: a folder with the operator's own texts of mails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::raw::Raw;
use super::visit::Setting;

/// The most bytes of one text.
const LARGEST: u64 = 256 * 1024;

/// Texts that stand in for those that come with the server, by `<language>/<occasion>.<txt or html>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailTexts {
    folder: Option<PathBuf>,
    files: BTreeMap<String, String>,
}

impl MailTexts {
    /// The text in `file`, if the operator has one.
    #[must_use]
    pub fn get(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(String::as_str)
    }

    /// All of them, by file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(file, text)| (file.as_str(), text.as_str()))
    }

    /// These texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(file, text): (&str, &str)| (file.to_owned(), text.to_owned());
        Self {
            folder: None,
            files: texts.into_iter().map(owned).collect(),
        }
    }

    fn read(folder: &Path) -> std::io::Result<Self> {
        let mut files = BTreeMap::new();
        for language in std::fs::read_dir(folder)? {
            let language = language?;
            if !language.file_type()?.is_dir() {
                continue;
            }
            for file in std::fs::read_dir(language.path())? {
                let file = file?;
                let name = Path::new(&language.file_name()).join(file.file_name());
                if file.metadata()?.len() > LARGEST {
                    let what = format!("{} is larger than {LARGEST} bytes", name.display());
                    return Err(std::io::Error::other(what));
                }
                let text = std::fs::read_to_string(file.path())?.replace("\r\n", "\n");
                files.insert(name.to_string_lossy().into_owned(), text);
            }
        }
        Ok(Self {
            folder: Some(folder.to_owned()),
            files,
        })
    }
}

impl Setting for MailTexts {
    const WANTED: &'static str = r#"a folder with a folder for each language, such as "mail""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let path = raw.text::<Self>()?;
        if path.is_empty() {
            return Ok(Self::default());
        }
        Self::read(Path::new(path)).map_err(|error| format!("{path:?} cannot be read: {error}"))
    }

    fn show(&self) -> toml::Value {
        let folder = self.folder.as_deref().unwrap_or(Path::new(""));
        folder.display().to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_from_a_folder_of_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("nl")).expect("is made");
        std::fs::write(folder.path().join("nl/welcome.txt"), "Subject: a\r\n\r\nb").expect("is written");
        std::fs::write(folder.path().join("README"), "not a text").expect("is written");
        let path = folder.path().display().to_string();
        let texts = MailTexts::parse(&Raw::Text(&path)).expect("reads");
        assert_eq!(
            texts.iter().collect::<Vec<_>>(),
            [("nl/welcome.txt", "Subject: a\n\nb")]
        );
        assert_eq!(texts.show().as_str(), Some(path.as_str()));
        assert_eq!(MailTexts::parse(&Raw::Text("")), Ok(MailTexts::default()));
        let missing = MailTexts::parse(&Raw::Text("/nowhere/at/all")).expect_err("is refused");
        assert!(missing.contains("cannot be read"), "{missing}");
    }
}
