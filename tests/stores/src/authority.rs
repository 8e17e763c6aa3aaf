//! Who vouches for stores that speak TLS.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// An authority that nobody knows but who is given its file.
pub struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    /// The PEM file with its certificate.
    pub file: String,
}

/// The PEM files that a server is started with.
pub struct Pair {
    /// Its certificate.
    pub certificate: String,
    /// The key to it.
    pub key: String,
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("signs");
        Self {
            file: write(&folder, "authority.pem", &certificate.pem()),
            issuer: Issuer::new(parameters, key),
            folder,
        }
    }

    /// What a server of this name, or at this address, shows.
    pub fn vouch_for(&self, name: &str) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("signs");
        Pair {
            certificate: write(&self.folder, &format!("{name}.pem"), &certificate.pem()),
            key: write(&self.folder, &format!("{name}.key"), &key.serialize_pem()),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn write(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("is written");
    path.display().to_string()
}
