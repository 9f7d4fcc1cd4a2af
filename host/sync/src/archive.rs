//! A repository in one file: a plain tar of `metadata/…` and `targets/…`, which any tar program can unpack to a
//! folder that can be served. The same files give the same bytes: sorted, without owners and times.
//!
//! It is a container and proves nothing: whoever reads one verifies what is inside from the pinned root.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::transport::Base;

/// The longest file that is opened. Some hundred scopes with bundles of usual size are a tenth of it.
pub const MAX_BYTES: u64 = 1 << 30;

/// How many files one may hold.
const MAX_FILES: usize = 1 << 16;

/// The longest name of a file inside.
const MAX_NAME: usize = 1024;

const BLOCK: usize = 512;

/// The files of a repository, by their paths.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    bytes: Arc<[u8]>,
    files: BTreeMap<String, Range<usize>>,
}

impl Archive {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error`] `not_found`, `too_large` or `archive`.
    pub fn open(path: &Path) -> Result<Archive, Error> {
        let place = path.display().to_string();
        let wrong = |error: std::io::Error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                let error = Error::new("not_found", &place, "there is no such file");
                return error.remedy_is("Check the path.");
            }
            Error::new("archive", &place, error.to_string())
                .remedy_is("Check the file's permissions and the disk.")
        };
        let checked = |length: u64| {
            if length > MAX_BYTES {
                let message = format!("is longer than {MAX_BYTES} bytes");
                return Err(Error::new("too_large", &place, message)
                    .remedy_is("Export fewer targets at a time."));
            }
            Ok(())
        };
        // Looked at before it is opened: a pipe would wait for a writer, and a device never ends.
        let described = std::fs::metadata(path).map_err(wrong)?;
        if !described.is_file() {
            return Err(Error::new("archive", &place, "is no plain file")
                .remedy_is("Give the file that `edgerail repository export` wrote."));
        }
        checked(described.len())?;
        let file = std::fs::File::open(path).map_err(wrong)?;
        let mut bytes = Vec::new();
        // It may grow meanwhile.
        file.take(MAX_BYTES.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(wrong)?;
        checked(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
        Archive::read(bytes.into()).map_err(|why| Error::new("archive", &place, why))
    }

    /// Reads a container. Regular files below `metadata/` and `targets/` are all that it may hold, each once.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(bytes: Arc<[u8]>) -> Result<Archive, &'static str> {
        let mut files = BTreeMap::new();
        let mut reader = Reader {
            bytes: &bytes,
            at: 0,
        };
        while let Some((name, range)) = reader.entry()? {
            let known = name
                .split_once('/')
                .is_some_and(|(folder, _)| folder == "metadata" || folder == "targets");
            if !known || !crate::transport::inside(&name) {
                return Err("holds a file that is neither below metadata/ nor below targets/");
            }
            if files.insert(name, range).is_some() {
                return Err("holds a file twice");
            }
            if files.len() > MAX_FILES {
                return Err("holds too many files");
            }
        }
        Ok(Archive { bytes, files })
    }

    /// A file's bytes.
    #[must_use]
    pub fn get(&self, base: Base, path: &str) -> Option<&[u8]> {
        let range = self.files.get(&format!("{}/{path}", base.folder()))?;
        self.bytes.get(range.clone())
    }

    /// The paths below one of the two folders, sorted.
    pub fn paths(&self, base: Base) -> impl Iterator<Item = &str> {
        let folder = base.folder();
        self.files
            .keys()
            .filter_map(move |name| name.strip_prefix(folder)?.strip_prefix('/'))
    }

    /// The whole container.
    #[must_use]
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}

/// Collects files for a container.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    files: BTreeMap<String, Vec<u8>>,
}

impl Builder {
    /// Adds a file, or replaces it.
    pub fn add(&mut self, base: Base, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files
            .insert(format!("{}/{path}", base.folder()), bytes.into());
    }

    /// The container's bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let mut tar = Vec::new();
        for (name, bytes) in &self.files {
            if name.len() >= NAME.len() {
                let record = pax(name);
                entry(&mut tar, b"pax", b'x', record.as_bytes());
            }
            entry(&mut tar, name.as_bytes(), b'0', bytes);
        }
        // Two empty blocks are the end.
        tar.resize(tar.len() + 2 * BLOCK, 0);
        tar
    }
}

/// Fields of a header (POSIX.1-2017, pax, "ustar Interchange Format").
const NAME: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const CHECKSUM: Range<usize> = 148..156;
const KIND: usize = 156;

fn entry(tar: &mut Vec<u8>, name: &[u8], kind: u8, bytes: &[u8]) {
    let mut header = [0; BLOCK];
    let shown = name.len().min(NAME.len() - 1);
    header[..shown].copy_from_slice(&name[..shown]);
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[SIZE].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[CHECKSUM].copy_from_slice(b"        ");
    header[KIND] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar.extend_from_slice(&header);
    tar.extend_from_slice(bytes);
    tar.resize(tar.len().next_multiple_of(BLOCK), 0);
}

/// A record of an extended header: its own length in decimal, counted in itself, a space, `path=NAME`, newline.
fn pax(name: &str) -> String {
    let rest = format!(" path={name}\n");
    let mut length = rest.len();
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    format!("{length}{rest}")
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// The next regular file's name and place.
    fn entry(&mut self) -> Result<Option<(String, Range<usize>)>, &'static str> {
        let mut long = None;
        loop {
            let header = self.bytes.get(self.at..self.at.saturating_add(BLOCK));
            let Some(header) = header else {
                return Err("is cut short");
            };
            if header.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            check(header)?;
            let start = self.at.saturating_add(BLOCK);
            let size =
                octal(header.get(SIZE).unwrap_or_default()).ok_or("has a malformed header")?;
            let end = start.checked_add(size).ok_or("has a malformed header")?;
            let content = self.bytes.get(start..end).ok_or("is cut short")?;
            self.at = end.checked_next_multiple_of(BLOCK).ok_or("is cut short")?;
            match header.get(KIND) {
                Some(b'x') if long.is_none() => long = Some(pax_path(content)?),
                Some(b'0' | 0) => {
                    let name = match long.take() {
                        Some(name) => name,
                        None => short_name(header)?,
                    };
                    return Ok(Some((name, start..end)));
                }
                // What tar programs add for folders says nothing that is used here.
                Some(b'5') if long.is_none() => {}
                _ => return Err("holds something that is no regular file"),
            }
        }
    }
}

fn check(header: &[u8]) -> Result<(), &'static str> {
    let stored = header.get(CHECKSUM).and_then(octal);
    let sum = header.iter().enumerate().map(|(at, byte)| match at {
        at if CHECKSUM.contains(&at) => u32::from(b' '),
        _ => u32::from(*byte),
    });
    let sum: u32 = sum.sum();
    let matches = stored.and_then(|stored| u32::try_from(stored).ok()) == Some(sum);
    let magic = header.get(257..262) == Some(b"ustar");
    if magic && matches {
        Ok(())
    } else {
        Err("is no tar file, or is damaged")
    }
}

fn short_name(header: &[u8]) -> Result<String, &'static str> {
    let text = |range: Range<usize>| {
        let field = header.get(range).unwrap_or_default();
        let end = field.iter().position(|byte| *byte == 0);
        std::str::from_utf8(field.get(..end.unwrap_or(field.len())).unwrap_or_default())
            .map_err(|_| "has a name that is not UTF-8")
    };
    let (name, prefix) = (text(NAME)?, text(345..500)?);
    Ok(match prefix {
        "" => name.to_owned(),
        prefix => format!("{prefix}/{name}"),
    })
}

fn pax_path(content: &[u8]) -> Result<String, &'static str> {
    const WRONG: &str = "has a malformed extended header";
    let mut rest = std::str::from_utf8(content).map_err(|_| WRONG)?;
    let mut path = None;
    while !rest.is_empty() {
        let (length, _) = rest.split_once(' ').ok_or(WRONG)?;
        let total: usize = length.parse().map_err(|_| WRONG)?;
        let record = rest.get(..total).ok_or(WRONG)?;
        let pair = record.get(length.len().saturating_add(1)..).ok_or(WRONG)?;
        let (name, value) = pair
            .strip_suffix('\n')
            .and_then(|pair| pair.split_once('='))
            .ok_or(WRONG)?;
        match name {
            "path" if value.len() <= MAX_NAME => path = Some(value.to_owned()),
            // A size here would win over the header's; no file of this container is so long.
            "path" | "size" => return Err(WRONG),
            _ => {}
        }
        rest = rest.get(total..).ok_or(WRONG)?;
    }
    path.ok_or(WRONG)
}

/// A number in octal digits, ended by a zero byte or a space.
fn octal(field: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(['\0', ' ']);
    usize::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut builder = Builder::default();
        builder.add(Base::Metadata, "1.root.json", *b"{}");
        builder.add(
            Base::Targets,
            &format!("{}.bundle", "a".repeat(130)),
            vec![7; 1025],
        );
        builder.add(Base::Targets, "empty", Vec::new());
        builder.finish()
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let archive = Archive::read(sample().into()).unwrap();
        assert_eq!(archive.get(Base::Metadata, "1.root.json"), Some(&b"{}"[..]));
        let long = format!("{}.bundle", "a".repeat(130));
        assert_eq!(archive.get(Base::Targets, &long), Some(&[7; 1025][..]));
        assert_eq!(archive.get(Base::Targets, "empty"), Some(&[][..]));
        assert_eq!(archive.get(Base::Targets, "other"), None);
        assert_eq!(
            archive.paths(Base::Metadata).collect::<Vec<_>>(),
            ["1.root.json"]
        );
        assert_eq!(sample(), sample());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_plain_file_is_not_opened() {
        for path in ["/dev/zero", "/dev"] {
            let error = Archive::open(Path::new(path)).unwrap_err();
            assert_eq!(error.code(), "archive", "{path}");
        }
    }

    #[test]
    fn every_length_of_name_survives() {
        for length in 80..240 {
            let name = "n".repeat(length);
            let mut builder = Builder::default();
            builder.add(Base::Targets, &name, *b"x");
            let archive = Archive::read(builder.finish().into()).unwrap();
            assert_eq!(
                archive.get(Base::Targets, &name),
                Some(&b"x"[..]),
                "{length}"
            );
        }
    }

    #[test]
    fn a_container_cut_anywhere_is_refused_or_shorter() {
        let whole = sample();
        let full = Archive::read(whole.clone().into()).unwrap();
        for cut in 0..whole.len() - 2 * BLOCK {
            assert!(Archive::read(whole[..cut].into()).is_err(), "{cut}");
        }
        // The second of the two empty blocks says nothing.
        let archive = Archive::read(whole[..whole.len() - BLOCK].into()).unwrap();
        assert_eq!(archive.files, full.files);
    }

    #[test]
    fn a_changed_header_never_gives_other_files() {
        let whole = sample();
        let full = Archive::read(whole.clone().into()).unwrap();
        for at in 0..BLOCK {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                // What is left when the check sum's own field is written in another way.
                if let Ok(archive) = Archive::read(changed.into()) {
                    assert_eq!(archive.files, full.files, "byte {at}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn names_outside_are_refused() {
        for name in [
            "metadata/../x",
            "/metadata/x",
            "other/x",
            "metadata/",
            "metadata//x",
            "x",
            "metadata/./x",
        ] {
            let mut tar = Vec::new();
            entry(&mut tar, name.as_bytes(), b'0', b"x");
            tar.resize(tar.len() + 2 * BLOCK, 0);
            assert!(Archive::read(tar.into()).is_err(), "{name}");
        }
        for kind in *b"12346LKgS" {
            let mut tar = Vec::new();
            entry(&mut tar, b"metadata/x", kind, b"");
            tar.resize(tar.len() + 2 * BLOCK, 0);
            assert!(Archive::read(tar.into()).is_err(), "{kind}");
        }
        let mut tar = Vec::new();
        entry(&mut tar, b"metadata/x", b'0', b"1");
        entry(&mut tar, b"metadata/x", b'0', b"2");
        tar.resize(tar.len() + 2 * BLOCK, 0);
        assert_eq!(Archive::read(tar.into()).unwrap_err(), "holds a file twice");
    }
}
