//! `edgerail keys`: the keys that sign repositories.

use std::cell::RefCell;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use edgerail_publish::keys::{
    Key, KeyType, LocalKey, Passphrase, Signer, is_encrypted, key_id, public_key, write_new,
};
use serde_json::json;

use super::Outcome;
use super::compile::SummaryFormat;
use super::error::{CliError, say};
use super::policy::read_file;
use super::terminal;

/// The longest key file that is read.
const KEY_BYTES: usize = 64 << 10;

/// The variable with the passphrase of private keys. It is no option: arguments can be seen by everybody on a machine.
const PASSPHRASE: &str = "EDGERAIL_PASSPHRASE";
const NEW_PASSPHRASE: &str = "EDGERAIL_NEW_PASSPHRASE";

/// Options of `edgerail keys`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a private key, and its public key beside it
    Create(Create),
    /// Print the public key and its id
    Show(Show),
    /// Encrypt a private key by a new passphrase
    Encrypt(Encrypt),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Writes FILE, which only you can read, and the public key beside it: for root.pem, root.pub.json.\nNeither is ever overwritten. The passphrase comes from EDGERAIL_PASSPHRASE or --passphrase-file; on a terminal, it is asked for."
)]
struct Create {
    /// Where to write the private key (PEM, PKCS#8)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The kind of key
    #[arg(
        long = "type",
        env = "EDGERAIL_TYPE",
        default_value = "ed25519",
        value_enum
    )]
    kind: KindArg,
    /// A file with the passphrase to encrypt it by
    #[arg(long, value_name = "FILE", env = "EDGERAIL_PASSPHRASE_FILE")]
    passphrase_file: Option<PathBuf>,
    /// Do not encrypt it: for tests, and where the file system or a secret store does
    #[arg(long, env = "EDGERAIL_UNENCRYPTED", value_parser = clap::builder::BoolishValueParser::new())]
    unencrypted: bool,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// A private key (PEM), a public key (JSON), or a key of AWS KMS (aws-kms:///ARN)
    #[arg(value_name = "KEY")]
    key: String,
    /// A file with the passphrase of the private key
    #[arg(long, value_name = "FILE", env = "EDGERAIL_PASSPHRASE_FILE")]
    passphrase_file: Vec<PathBuf>,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The present passphrase, if there is one, comes from EDGERAIL_PASSPHRASE or --passphrase-file, the new\none from EDGERAIL_NEW_PASSPHRASE or --new-passphrase-file; on a terminal, they are asked for."
)]
struct Encrypt {
    /// The private key (PEM, PKCS#8)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to write it
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "EDGERAIL_OUTPUT",
        required = true
    )]
    output: PathBuf,
    /// A file with the present passphrase
    #[arg(long, value_name = "FILE", env = "EDGERAIL_PASSPHRASE_FILE")]
    passphrase_file: Vec<PathBuf>,
    /// A file with the new passphrase
    #[arg(long, value_name = "FILE", env = "EDGERAIL_NEW_PASSPHRASE_FILE")]
    new_passphrase_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum KindArg {
    /// Ed25519
    Ed25519,
    /// ECDSA on P-256, as key management services have it
    EcdsaP256,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    match &args.command {
        Command::Create(args) => create(args),
        Command::Show(args) => show(args),
        Command::Encrypt(args) => encrypt_key(args),
    }
}

impl From<edgerail_publish::Error> for CliError {
    fn from(error: edgerail_publish::Error) -> CliError {
        CliError::new(
            error.code(),
            error.place(),
            format!("{} ({})", error.message(), error.code()),
        )
    }
}

/// A passphrase from a variable.
fn from_variable(name: &str) -> Result<Option<Passphrase>, CliError> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => Ok(Some(Passphrase::new(&text))),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
        Err(_) => Err(CliError::new("passphrase", name, "is no UTF-8")),
    }
}

fn text_file(path: &Path) -> Result<String, CliError> {
    let bytes = read_file(path, KEY_BYTES)?;
    String::from_utf8(bytes).map_err(|_| {
        let place = path.display().to_string();
        CliError::new("not_text", place, "is no UTF-8")
    })
}

/// Where passphrases of private keys come from: files and the variable, and where there are none, the terminal.
#[derive(Debug)]
pub(super) struct Passphrases {
    given: Vec<Passphrase>,
    /// What was typed for one key may be another one's, too.
    typed: RefCell<Vec<Passphrase>>,
}

impl Passphrases {
    /// Those of the files and of the variable.
    pub(super) fn given(files: &[PathBuf]) -> Result<Passphrases, CliError> {
        let mut given = Vec::new();
        for file in files {
            given.push(Passphrase::new(&text_file(file)?));
        }
        given.extend(from_variable(PASSPHRASE)?);
        Ok(Passphrases {
            given,
            typed: RefCell::default(),
        })
    }

    /// Reads a private key. Somebody is asked for its passphrase only if none was given at all: one that does not fit
    /// is a mistake to be told of.
    fn open(&self, place: &str, pem: &str) -> Result<LocalKey, CliError> {
        if !is_encrypted(pem) || !self.given.is_empty() {
            return Ok(LocalKey::from_pem(place, pem, &self.given)?);
        }
        let typed = self.typed.borrow().clone();
        if let (Ok(key), false) = (LocalKey::from_pem(place, pem, &typed), typed.is_empty()) {
            return Ok(key);
        }
        let mut refused = LocalKey::from_pem(place, pem, &[]);
        for _ in 0..terminal::ATTEMPTS {
            let Some(typed) = terminal::passphrase(&format!("Passphrase of {place}")) else {
                break;
            };
            let typed = typed?;
            refused = LocalKey::from_pem(place, pem, core::slice::from_ref(&typed));
            match &refused {
                Ok(_) => {
                    self.typed.borrow_mut().push(typed);
                    break;
                }
                Err(error) if error.code() == "passphrase" => say(&format!("{error}")),
                Err(_) => break,
            }
        }
        Ok(refused?)
    }
}

/// A key that signs: a private key in a file, or a key of AWS KMS.
pub(super) fn signer(key: &str, passphrases: &Passphrases) -> Result<Box<dyn Signer>, CliError> {
    if let Some(arn) = key.strip_prefix("aws-kms:///") {
        return super::kms::signer(arn);
    }
    let pem = text_file(Path::new(key))?;
    if pem.trim_start().starts_with('{') {
        let message = "is a public key, which signs nothing; give the private one";
        return Err(CliError::new("key", key, message));
    }
    Ok(Box::new(passphrases.open(key, &pem)?))
}

/// A public key: of a JSON file, of a private key, of a key of AWS KMS.
pub(super) fn public(key: &str, passphrases: &Passphrases) -> Result<Key, CliError> {
    if !key.starts_with("aws-kms:///") {
        let text = text_file(Path::new(key))?;
        if text.trim_start().starts_with('{') {
            return Ok(public_key(key, text.as_bytes())?);
        }
    }
    Ok(signer(key, passphrases)?.key())
}

fn key_json(key: &Key) -> Result<String, CliError> {
    let value = serde_json::to_value(key);
    value
        .map(|value| format!("{value:#}\n"))
        .map_err(|error| CliError::new("key", "the key", error.to_string()))
}

fn create(args: &Create) -> Result<Outcome, CliError> {
    let passphrase = match &args.passphrase_file {
        Some(file) => Some(Passphrase::new(&text_file(file)?)),
        None => from_variable(PASSPHRASE)?,
    };
    let passphrase = match passphrase {
        None if !args.unencrypted => {
            let question = format!("Passphrase of the new key {}", args.file.display());
            terminal::new_passphrase(&question).transpose()?
        }
        given => given,
    };
    if passphrase.is_none() && !args.unencrypted {
        let message = "set EDGERAIL_PASSPHRASE, or give --passphrase-file FILE or --unencrypted";
        return Err(CliError::new("passphrase", "the new key", message));
    }
    let kind = match args.kind {
        KindArg::Ed25519 => KeyType::Ed25519,
        KindArg::EcdsaP256 => KeyType::EcdsaP256,
    };
    let key = LocalKey::generate(kind)?;
    let pem = key.to_pem(passphrase.as_ref().filter(|_| !args.unencrypted))?;
    let public = args.file.with_extension("pub.json");
    // The public key first: without it, nothing has happened.
    write_new(&public, key_json(&key.key())?.as_bytes())?;
    if let Err(error) = write_new(&args.file, pem.as_bytes()) {
        let _ = std::fs::remove_file(&public);
        return Err(error.into());
    }
    let id = key_id(&key.key());
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => {
            let document = json!({
                "keyid": id, "private": args.file.display().to_string(),
                "public": public.display().to_string(), "encrypted": is_encrypted(&pem),
            });
            writeln!(out, "{document:#}")?;
        }
        SummaryFormat::Text => {
            writeln!(out, "key     {id}")?;
            writeln!(out, "private {}", args.file.display())?;
            writeln!(out, "public  {}", public.display())?;
        }
    }
    Ok(Outcome::Clean)
}

fn show(args: &Show) -> Result<Outcome, CliError> {
    let key = public(&args.key, &Passphrases::given(&args.passphrase_file)?)?;
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => {
            let document = json!({"key": key, "keyid": key_id(&key)});
            writeln!(out, "{document:#}")?;
        }
        SummaryFormat::Text => {
            writeln!(out, "key {}", key_id(&key))?;
            write!(out, "{}", key_json(&key)?)?;
        }
    }
    Ok(Outcome::Clean)
}

fn encrypt_key(args: &Encrypt) -> Result<Outcome, CliError> {
    let new = match &args.new_passphrase_file {
        Some(file) => Some(Passphrase::new(&text_file(file)?)),
        None => from_variable(NEW_PASSPHRASE)?,
    };
    let pem = text_file(&args.file)?;
    let old = Passphrases::given(&args.passphrase_file)?;
    let key = old.open(&args.file.display().to_string(), &pem)?;
    let new = match new {
        None => terminal::new_passphrase("The new passphrase").transpose()?,
        given => given,
    };
    let Some(new) = new else {
        let message = "set EDGERAIL_NEW_PASSPHRASE, or give --new-passphrase-file FILE";
        return Err(CliError::new("passphrase", "the new passphrase", message));
    };
    write_new(&args.output, key.to_pem(Some(&new))?.as_bytes())?;
    writeln!(anstream::stdout().lock(), "{}", args.output.display())?;
    Ok(Outcome::Clean)
}
