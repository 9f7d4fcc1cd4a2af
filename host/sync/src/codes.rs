//! Every code that sync can give, in a sentence, with what to do. `docs/sync.md` lists the same.

use edgerail_trust::Code;

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// What happened, in a sentence.
    pub sentence: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

const fn known(code: &'static str, sentence: &'static str, remedy: &'static str) -> Explanation {
    Explanation {
        code,
        sentence,
        remedy,
    }
}

/// The codes of transport, state and activation. Those of the TUF client are [`edgerail_trust::Code`].
pub const CODES: &[Explanation] = &[
    known(
        "unreachable",
        "The repository cannot be had: nobody answers, or the server with an error of its own.",
        "Check address, network, proxy and server; clients enforce the previous policy meanwhile.",
    ),
    known(
        "slow",
        "An answer took too long or came too slowly, so it was given up.",
        "Check the server and what stands between; clients try again with their next check.",
    ),
    known(
        "truncated",
        "An answer ended before the length it had announced.",
        "Check the server and what stands between; clients try again with their next check.",
    ),
    known(
        "http_status",
        "The server answered with a status that is neither the file nor its absence.",
        "Look at the server's log; `Retry-After` is kept to.",
    ),
    known(
        "redirect",
        "The server redirects to another host, which is not followed.",
        "Give the final address as the repository's address.",
    ),
    known(
        "encoding",
        "The answer is compressed although that was not asked for.",
        "Let the server send the files as they are.",
    ),
    known(
        "html",
        "The server answers with a web page instead of the file.",
        "Look for a login page in between; let the server answer 404 for what is not there.",
    ),
    known(
        "incomplete",
        "Stored or exported metadata lacks a file that is needed.",
        "Check with the network, or export the repository again.",
    ),
    known(
        "archive",
        "The file is no exported repository, or is damaged.",
        "Make it again with `edgerail repository export`.",
    ),
    known(
        "usage",
        "An option or an address cannot be used as it is given.",
        "See the message; `edgerail help sync` lists the options.",
    ),
    known(
        "state_locked",
        "Another process keeps its state in the same folder.",
        "Give each process its own folder, or stop the other one.",
    ),
    known(
        "state_readonly",
        "Nothing can be stored in the state folder: the policy is enforced and updated in memory only.",
        "Let this user write to the folder, or repair the disk; after a restart the last stored policy holds.",
    ),
    known(
        "state_read",
        "A file of the state folder cannot be read; what it holds is not used.",
        "Check the disk and the folder's permissions.",
    ),
    known(
        "state_write",
        "The state could not be stored (a full disk, for instance), so nothing was activated.",
        "Make room or repair the disk; clients enforce the previous policy.",
    ),
    known(
        "state_corrupt",
        "A stored activation state is damaged or cannot be read, and is not used.",
        "Nothing, if the next check goes well; otherwise check the disk.",
    ),
    known(
        "no_policy",
        "There is no bundle to enforce: none was ever activated and no baseline was given.",
        "Ship a baseline with the application (`edgerail repository export`).",
    ),
    known(
        "target_missing",
        "The repository has no bundle of the pinned name.",
        "Check the target's name; publish the bundle for this scope.",
    ),
    known(
        "target_hash",
        "The bundle's target has no SHA-256.",
        "Publish it again with `edgerail publish`.",
    ),
    known(
        "target_custom",
        "What is signed about the bundle (`custom`) is missing or malformed.",
        "Publish it again with `edgerail publish`.",
    ),
    known(
        "target_audience",
        "The bundle is for another audience than the pinned one.",
        "Pin the target for this audience, or publish one.",
    ),
    known(
        "target_abi",
        "The bundle is for another version of the engine.",
        "Update the engine, or publish a bundle for this one.",
    ),
    known(
        "target_scope",
        "The bundle is for another scope than the pinned one.",
        "Check the pinned target; suspect the publisher if it is right.",
    ),
    known(
        "target_version",
        "The repository offers an older version than one that was active.",
        "Publish old content under a higher version (`edgerail publish revert`); otherwise suspect the repository.",
    ),
    known(
        "target_equivocation",
        "The repository offers other bytes under a version that was active.",
        "Suspect the publisher's keys; publish under a higher version.",
    ),
    known(
        "poisoned",
        "The bundle offered failed here before and is not tried again.",
        "Publish another one; `edgerail sync --retry-poisoned` tries again.",
    ),
    known(
        "crashed",
        "Processes died while they loaded the bundle, three in a row, so it is not tried again.",
        "Publish another one; `edgerail sync --retry-poisoned` tries again.",
    ),
    known(
        "load_failed",
        "The engine cannot load the bundle.",
        "Publish one that this engine loads; clients enforce the previous one.",
    ),
    known(
        "self_test",
        "The bundle decides its own samples differently from when it was compiled.",
        "Compile it with the version of the engine that loads it; clients enforce the previous one.",
    ),
    known(
        "baseline",
        "The policy that came with the application is enforced: nothing newer was activated, or it is gone.",
        "Check why the repository cannot be reached.",
    ),
    known(
        "baseline_expired",
        "The baseline's own metadata expired; it is enforced on.",
        "Check the network, or update the application.",
    ),
    known(
        "stale_metadata",
        "The metadata expired and nothing newer could be had; the active bundle is enforced on.",
        "Check the network and whether the publisher renews the timestamp; compare the clock.",
    ),
    known(
        "policy_stale",
        "The grace after expiry is over and the application asks to deny then: every request is blocked.",
        "Restore the way to the repository, or renew its metadata.",
    ),
    known(
        "no_clock",
        "There is no clock, so that expiry cannot be proven.",
        "Set the machine's clock.",
    ),
    known(
        "clock_back",
        "The clock stands behind a time that was signed.",
        "Set the machine's clock.",
    ),
    known(
        "rejected",
        "The last answer of the repository cannot be accepted; the error's own code says why.",
        "See the code of the last error.",
    ),
];

/// What a code means, whichever part gives it.
#[must_use]
pub fn explain(code: &str) -> Option<Explanation> {
    let own = CODES.iter().find(|known| known.code == code).copied();
    own.or_else(|| {
        let trust = Code::ALL.iter().find(|known| known.name() == code)?;
        // Rule and remedy stand in one sentence there.
        let message = trust.message();
        let (sentence, remedy) = message.split_once(": ").unwrap_or((message, ""));
        Some(known(trust.name(), sentence, remedy))
    })
}

/// Every code, sorted.
#[must_use]
pub fn all() -> Vec<Explanation> {
    let trust = Code::ALL.iter().filter_map(|code| explain(code.name()));
    let mut all: Vec<Explanation> = CODES.iter().copied().chain(trust).collect();
    all.sort_by_key(|known| known.code);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgerail_trust::activation::{Degraded, Refusal};

    #[test]
    fn every_code_is_explained_once() {
        let mut codes: Vec<&str> = all().iter().map(|known| known.code).collect();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
        for code in Refusal::ALL
            .map(Refusal::code)
            .into_iter()
            .chain(Degraded::ALL.map(Degraded::code))
        {
            assert!(codes.contains(&code), "{code}");
        }
        for known in all() {
            assert!(
                !known.sentence.is_empty() && !known.remedy.is_empty(),
                "{}",
                known.code
            );
        }
    }
}
