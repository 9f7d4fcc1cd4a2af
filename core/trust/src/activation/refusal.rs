use core::fmt;

/// Why a bundle is not taken although its target is verified, or is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The repository lists neither the target nor a `next` for this client.
    TargetMissing,
    /// The target has no SHA-256.
    TargetHash,
    /// `custom` is missing or malformed.
    TargetCustom,
    /// The bundle is for another audience.
    TargetAudience,
    /// The bundle is for another engine ABI.
    TargetAbi,
    /// The bundle is for another scope.
    TargetScope,
    /// The version is lower than one that was active.
    TargetVersion,
    /// The version that was active has other bytes now.
    TargetEquivocation,
    /// The bundle failed before; it is not tried again.
    Poisoned,
    /// Several processes in a row died while they loaded the bundle.
    Crashed,
    /// The engine cannot load the bundle.
    LoadFailed,
    /// The bundle decides its own samples differently from when it was compiled.
    SelfTest,
    /// The stored state is none.
    State,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Refusal; 13] = [
        Refusal::TargetMissing,
        Refusal::TargetHash,
        Refusal::TargetCustom,
        Refusal::TargetAudience,
        Refusal::TargetAbi,
        Refusal::TargetScope,
        Refusal::TargetVersion,
        Refusal::TargetEquivocation,
        Refusal::Poisoned,
        Refusal::Crashed,
        Refusal::LoadFailed,
        Refusal::SelfTest,
        Refusal::State,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Refusal::TargetMissing => "target_missing",
            Refusal::TargetHash => "target_hash",
            Refusal::TargetCustom => "target_custom",
            Refusal::TargetAudience => "target_audience",
            Refusal::TargetAbi => "target_abi",
            Refusal::TargetScope => "target_scope",
            Refusal::TargetVersion => "target_version",
            Refusal::TargetEquivocation => "target_equivocation",
            Refusal::Poisoned => "poisoned",
            Refusal::Crashed => "crashed",
            Refusal::LoadFailed => "load_failed",
            Refusal::SelfTest => "self_test",
            Refusal::State => "state_corrupt",
        }
    }

    /// The refusal with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Refusal> {
        Refusal::ALL
            .into_iter()
            .find(|refusal| refusal.code() == code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl core::error::Error for Refusal {}
