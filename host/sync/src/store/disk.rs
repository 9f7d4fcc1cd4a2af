//! The few things that are asked of a disk, so that a test can end the process between any two of them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A folder on a disk. Paths are relative to it, parts separated by `/`. What was written is only certain to
/// be there after [`Disk::sync`], a renamed or removed name after [`Disk::sync_folder`] of its folder.
pub trait Disk: Send + Sync {
    /// A file's bytes, at most `max`; `None` if there is no such file. A longer file is an error.
    ///
    /// # Errors
    /// As the system says.
    fn read(&self, path: &str, max: u64) -> io::Result<Option<Vec<u8>>>;

    /// Creates a file or replaces its content, without making sure that it is there after a crash.
    ///
    /// # Errors
    /// As the system says.
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes a file's content durable.
    ///
    /// # Errors
    /// As the system says.
    fn sync(&self, path: &str) -> io::Result<()>;

    /// Gives a file another name, replacing what has it, in one step.
    ///
    /// # Errors
    /// As the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes the names in a folder durable; the empty path is the folder itself.
    ///
    /// # Errors
    /// As the system says.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes a folder and those above it, if they are not there.
    ///
    /// # Errors
    /// As the system says.
    fn make_folder(&self, folder: &str) -> io::Result<()>;

    /// The names of the files in a folder, sorted; none if there is no such folder.
    ///
    /// # Errors
    /// As the system says.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Keeps others from writing here until this value is dropped: [`ErrorKind::WouldBlock`] if another does.
    ///
    /// # Errors
    /// As the system says.
    fn lock(&self) -> io::Result<()>;

    /// Names a file for messages.
    fn place(&self, path: &str) -> String;
}

/// A folder of this machine.
#[derive(Debug)]
pub struct SystemDisk {
    root: PathBuf,
    lock: Mutex<Option<File>>,
}

impl SystemDisk {
    /// The folder; it is made when it is first locked.
    pub fn new(root: impl Into<PathBuf>) -> SystemDisk {
        SystemDisk {
            root: root.into(),
            lock: Mutex::new(None),
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() {
            self.root.clone()
        } else {
            self.root.join(path)
        }
    }
}

/// Bundles may hold what is confidential: others on the machine need not read them.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

impl Disk for SystemDisk {
    fn read(&self, path: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.path(path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > max {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(Some(bytes))
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let options = private(options.write(true).create(true).truncate(true));
        options.open(self.path(path))?.write_all(bytes)
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        // Write access is what Windows wants for it.
        OpenOptions::new()
            .write(true)
            .open(self.path(path))?
            .sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        // Windows has no such thing; its renames are durable when they return.
        if cfg!(unix) {
            File::open(self.path(folder))?.sync_all()?;
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        match fs::remove_file(self.path(path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn make_folder(&self, folder: &str) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        builder.create(self.path(folder))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(folder)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn lock(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let file =
            private(options.write(true).create(true).truncate(false)).open(self.path("lock"))?;
        file.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
            fs::TryLockError::Error(error) => error,
        })?;
        // Closed with this value, and by the system if the process dies.
        *self
            .lock
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(file);
        Ok(())
    }

    fn place(&self, path: &str) -> String {
        Path::new(&self.path(path)).display().to_string()
    }
}

/// What a disk that cannot be written to looks like to a client that goes on in memory: what it writes is seen by
/// it and nobody else.
pub(crate) struct Overlay {
    below: Box<dyn Disk>,
    /// `None` is removed.
    above: Mutex<BTreeMap<String, Option<Vec<u8>>>>,
}

impl Overlay {
    pub(crate) fn new(below: Box<dyn Disk>) -> Overlay {
        Overlay {
            below,
            above: Mutex::default(),
        }
    }

    fn set(&self, path: &str, bytes: Option<Vec<u8>>) {
        self.above().insert(path.to_owned(), bytes);
    }

    fn above(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Option<Vec<u8>>>> {
        self.above
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Disk for Overlay {
    fn read(&self, path: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
        if let Some(own) = self.above().get(path) {
            return Ok(own.clone());
        }
        self.below.read(path, max)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.set(path, Some(bytes.to_vec()));
        Ok(())
    }

    fn sync(&self, _path: &str) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let bytes = self.read(from, u64::MAX - 1)?.ok_or(ErrorKind::NotFound)?;
        self.set(to, Some(bytes));
        self.set(from, None);
        Ok(())
    }

    fn sync_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.set(path, None);
        Ok(())
    }

    fn make_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names: std::collections::BTreeSet<String> =
            self.below.list(folder)?.into_iter().collect();
        for (path, bytes) in self.above().iter() {
            let name = path
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'));
            let Some(name) = name.filter(|name| !name.contains('/')) else {
                continue;
            };
            if bytes.is_some() {
                names.insert(name.to_owned());
            } else {
                names.remove(name);
            }
        }
        Ok(names.into_iter().collect())
    }

    fn lock(&self) -> io::Result<()> {
        Ok(())
    }

    fn place(&self, path: &str) -> String {
        self.below.place(path)
    }
}
