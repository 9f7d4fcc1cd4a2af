//! The twin of a pull without AWS: answers that somebody else fetched, from a folder of JSON files.
//!
//! Such a folder is a snapshot, or what the AWS CLI printed, in files of any name. Which operation a file answers is
//! seen from its members; what the answer itself does not say (the target of an attachment, the region of an empty
//! list) stands in the file's name after the operation's: `list-policies-for-target-ou-ab12-cdef3456.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::error::{Error, Kind};
use crate::guardrail::{Reference, Version};
use crate::meaning::{check_definition, draft};
use crate::operation::{self, OPERATIONS, Operation, Service};
use crate::partition::is_region;
use crate::pull::{POLICY_TYPE, Plan, Pulled};
use crate::retry::rfc3339;
use crate::shape::{self, arn_parts, is_account};
use crate::snapshot::{Added, Record, Snapshot, is_snapshot, read_file};

/// Folders in folders: more is a link to itself.
const DEPTH: usize = 8;

/// More entries are no collection of answers, but folders that lead to themselves in several ways.
const ENTRIES: usize = 50_000;

/// Reads a folder, checks all of it, and gives what a pull would have.
///
/// Of the plan, `regions` (for answers that name none, if it is one) and `allow_draft` count.
///
/// # Errors
///
/// A file that is no JSON, no answer of a known operation, not whole, a draft, or contradicts another.
pub fn read(folder: &Path, plan: &Plan) -> Result<Pulled, Error> {
    if is_snapshot(folder) {
        return read_snapshot(folder, plan);
    }
    let mut files = Vec::new();
    let mut left = ENTRIES;
    collect(folder, 0, &mut left, &mut files)?;
    files.sort();
    if files.is_empty() {
        let message = "holds no JSON files; save answers of the AWS CLI there (`--output json`)";
        return Err(Error::new(
            Kind::Snapshot,
            folder.display().to_string(),
            message,
        ));
    }
    let mut pulled = Pulled::default();
    for file in &files {
        let added = read_answer(folder, file, plan)?;
        pulled.snapshot.add(added)?;
    }
    Ok(pulled)
}

fn read_snapshot(folder: &Path, plan: &Plan) -> Result<Pulled, Error> {
    let old = Snapshot::read(folder)?;
    let mut pulled = Pulled::default();
    for Record { entry, bytes } in old.records() {
        let place = folder.join(&entry.file).display().to_string();
        // `Snapshot::read` knows the operation.
        let Some(operation) = operation::operation(&entry.operation) else {
            continue;
        };
        if entry.status == 200 {
            let value = parse(&place, bytes)?;
            check(operation, &value, &place, plan)?;
        }
        pulled.snapshot.add(Added {
            operation,
            region: entry.region.clone().unwrap_or_default(),
            account: entry.account.clone(),
            input: entry.input.clone(),
            status: entry.status,
            received: entry.received.clone(),
            bytes: bytes.clone(),
        })?;
    }
    complete(&pulled.snapshot, folder)?;
    Ok(pulled)
}

/// Whether the next page of every page is there.
fn complete(snapshot: &Snapshot, folder: &Path) -> Result<(), Error> {
    let mut open: BTreeMap<String, &str> = BTreeMap::new();
    let question = |record: &Record, token: Option<&str>, name: &str| {
        let mut input = record.entry.input.clone();
        match token {
            Some(token) => input.insert(name.to_owned(), json!(token)),
            None => input.get(name).cloned(),
        };
        let region = record.entry.region.as_deref().unwrap_or_default();
        format!(
            "{} {region} {}",
            record.entry.operation,
            Value::Object(input)
        )
    };
    let records = || {
        snapshot
            .records()
            .iter()
            .filter(|record| record.entry.status == 200)
    };
    for record in records() {
        let Some(pages) = operation::operation(&record.entry.operation).and_then(|o| o.pages)
        else {
            continue;
        };
        let value: Value = serde_json::from_slice(&record.bytes).unwrap_or_default();
        if let Some(token) = next_token(&value, pages.token) {
            open.insert(
                question(record, Some(token), pages.token),
                &record.entry.file,
            );
        }
    }
    for record in records() {
        open.remove(&question(record, None, ""));
    }
    match open.values().next() {
        None => Ok(()),
        Some(file) => Err(not_whole(folder.join(file).display().to_string())),
    }
}

fn next_token<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    let token = value.get(name).and_then(Value::as_str);
    token.filter(|token| !token.is_empty())
}

fn not_whole(place: String) -> Error {
    let message = "the list is not whole: it names a next page that is not there; fetch all pages (the AWS CLI does \
                   without --max-items, --page-size and --no-paginate)";
    Error::new(Kind::Incomplete, place, message)
}

/// The JSON files below a folder; `left` is how many entries there may be yet.
fn collect(
    folder: &Path,
    depth: usize,
    left: &mut usize,
    files: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::file(folder, &error);
    if depth > DEPTH {
        let message = "folders are nested too deeply; is there a link to a folder above?";
        return Err(Error::new(
            Kind::Snapshot,
            folder.display().to_string(),
            message,
        ));
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        *left = left.checked_sub(1).ok_or_else(|| {
            let message = format!("holds over {ENTRIES} files and folders");
            Error::new(Kind::TooLarge, folder.display().to_string(), message)
        })?;
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, depth + 1, left, files)?;
        } else if path
            .extension()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("json"))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn parse(place: &str, bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!(
            "is no JSON (line {line}, column {column}); save what the AWS CLI prints with --output json"
        );
        Error::new(Kind::NotJson, place, message)
    })
}

/// What must hold of an answer by itself.
fn check(
    operation: &'static Operation,
    value: &Value,
    place: &str,
    plan: &Plan,
) -> Result<(), Error> {
    shape::check(operation, value).map_err(|message| Error::new(Kind::Shape, place, message))?;
    if operation != &operation::GET_GUARDRAIL {
        return Ok(());
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let reference: Result<Reference, String> = text("guardrailArn").parse();
    let version: Result<Version, String> = text("version").parse();
    let (reference, version) = reference
        .and_then(|reference| Ok((reference, version?)))
        .map_err(|message| Error::new(Kind::Shape, place, message))?;
    if version == Version::Draft && !plan.allow_draft {
        return Err(draft(place));
    }
    check_definition(value, &reference, &version)
        .map_err(|error| Error::new(error.kind(), place, error.message()))
}

/// A file of any name.
fn read_answer(folder: &Path, file: &Path, plan: &Plan) -> Result<Added, Error> {
    let place = file.display().to_string();
    let bytes = read_file(file)?;
    let value = parse(&place, &bytes)?;
    let stem = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let (named, rest) = by_name(stem);
    let operation = pick(named, shape::recognise(&value), &place)?;
    check(operation, &value, &place, plan)?;
    if let Some(pages) = operation.pages
        && next_token(&value, pages.token).is_some()
    {
        return Err(not_whole(place));
    }
    let relative = file.strip_prefix(folder).unwrap_or(file);
    let region = region(operation, &value, rest, relative, plan).ok_or_else(|| {
        let message = format!(
            "says no region; name the file {}-REGION.json, put it into a folder REGION, or give one --region",
            operation.command
        );
        Error::new(Kind::Region, &place, message)
    })?;
    let (input, account) = input(operation, &value, rest, &place)?;
    let modified = fs::metadata(file).and_then(|meta| meta.modified());
    Ok(Added {
        operation,
        region,
        account,
        input,
        status: 200,
        received: rfc3339(modified.unwrap_or(SystemTime::UNIX_EPOCH)),
        bytes,
    })
}

/// The operation whose command a file's name begins with, the longest that fits, and what comes after it.
fn by_name(stem: &str) -> (Option<&'static Operation>, &str) {
    let fits = |operation: &&&Operation| {
        let rest = stem.strip_prefix(operation.command);
        rest.is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_ascii_alphanumeric()) && !longer(rest)
        })
    };
    match OPERATIONS
        .iter()
        .filter(fits)
        .max_by_key(|o| o.command.len())
    {
        Some(operation) => (Some(*operation), &stem[operation.command.len()..]),
        None => (None, stem),
    }
}

/// Whether a rest goes on as another command does.
fn longer(rest: &str) -> bool {
    rest.starts_with("-for-")
}

/// The members say which operation it is; only where two have the same does the name decide.
fn pick(
    named: Option<&'static Operation>,
    seen: Option<&'static Operation>,
    place: &str,
) -> Result<&'static Operation, Error> {
    match (named, seen) {
        (Some(named), Some(seen)) if named == seen => Ok(seen),
        (Some(named), Some(seen))
            if named == &operation::LIST_POLICIES_FOR_TARGET
                && seen == &operation::LIST_POLICIES =>
        {
            Ok(named)
        }
        (Some(named), Some(seen)) => {
            let message = format!(
                "is named as an answer of {} and is one of {}; rename it",
                named.command, seen.command
            );
            Err(Error::new(Kind::Shape, place, message))
        }
        (None, Some(seen)) => Ok(seen),
        (_, None) => {
            let known = OPERATIONS.iter().filter(|o| o.service != Service::Kms);
            let known: Vec<&str> = known.map(|operation| operation.command).collect();
            let message = format!(
                "is no answer that is known; remove it, or save one of {}",
                known.join(", ")
            );
            Err(Error::new(Kind::Shape, place, message))
        }
    }
}

/// Where an answer is from: as it says itself, else its name, the folders it is in, the plan.
fn region(
    operation: &Operation,
    value: &Value,
    rest: &str,
    relative: &Path,
    plan: &Plan,
) -> Option<String> {
    if operation.service == Service::Organizations {
        return Some(String::new());
    }
    let arn = match operation.name {
        "GetGuardrail" => value.get("guardrailArn"),
        "ListGuardrails" => value.pointer("/guardrails/0/arn"),
        // What an account enforces may be another region's mistake, but never another region's answer.
        _ => None,
    };
    let own = arn.and_then(Value::as_str).and_then(arn_parts);
    if let Some((region, _, _)) = own {
        return Some(region.to_owned());
    }
    let folders = relative.parent().into_iter().flat_map(Path::iter);
    let folders = folders.filter_map(|part| part.to_str());
    let mut hints = std::iter::once(rest).chain(folders);
    hints
        .find_map(region_in)
        .or_else(|| match plan.regions.as_slice() {
            [region] => Some(region.clone()),
            _ => None,
        })
}

/// The region that a name holds: parts between dashes of which the last is a number.
fn region_in(name: &str) -> Option<String> {
    let parts: Vec<&str> = name
        .split(['-', '_', '.'])
        .filter(|part| !part.is_empty())
        .collect();
    let is_name = |window: &[&str]| {
        let (Some(first), Some(last)) = (window.first(), window.last()) else {
            return false;
        };
        let letters = |part: &&str| part.bytes().all(|byte| byte.is_ascii_lowercase());
        (2..=4).contains(&first.len())
            && last.len() == 1
            && last.bytes().all(|byte| byte.is_ascii_digit())
            && window.iter().take(window.len() - 1).all(letters)
            && is_region(&window.join("-"))
    };
    let windows = parts.windows(4).chain(parts.windows(3));
    windows
        .into_iter()
        .find(|window| is_name(window))
        .map(|window| window.join("-"))
}

/// The input of the call, from the answer and what its file's name says; and the account it is about.
fn input(
    operation: &Operation,
    value: &Value,
    rest: &str,
    place: &str,
) -> Result<(Map<String, Value>, Option<String>), Error> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let mut input = Map::new();
    let mut put = |name: &str, value: &str| {
        input.insert(name.to_owned(), json!(value));
    };
    let target = || {
        target_in(rest).ok_or_else(|| {
            let message = format!(
                "does not say of what it is the list; name the file {}-ID.json",
                operation.command
            );
            Error::new(Kind::Input, place, message)
        })
    };
    let mut account = None;
    match operation.name {
        "GetGuardrail" => {
            let arn = text("/guardrailArn").unwrap_or_default();
            put("guardrailIdentifier", arn);
            put("guardrailVersion", text("/version").unwrap_or_default());
            account = arn_parts(arn).map(|(_, account, _)| account.to_owned());
        }
        "ListGuardrails" => {
            // The versions of one guardrail, where there is more than one of it.
            let items = value.get("guardrails").and_then(Value::as_array);
            let arns = items
                .into_iter()
                .flatten()
                .filter_map(|item| item.get("arn")?.as_str());
            let arns: Vec<&str> = arns.collect();
            if let [first, others @ ..] = arns.as_slice()
                && !others.is_empty()
                && others.iter().all(|other| other == first)
            {
                put("guardrailIdentifier", first);
            }
        }
        "ListOrganizationalUnitsForParent" | "ListAccountsForParent" => put("ParentId", &target()?),
        "ListParents" => put("ChildId", &target()?),
        "ListPoliciesForTarget" => {
            put("TargetId", &target()?);
            put("Filter", POLICY_TYPE);
        }
        "ListPolicies" => put("Filter", POLICY_TYPE),
        // The call is about whoever makes it, which the answer does not say.
        "ListEnforcedGuardrailsConfiguration" => account = account_in(rest),
        "DescribePolicy" => put(
            "PolicyId",
            text("/Policy/PolicySummary/Id").unwrap_or_default(),
        ),
        "DescribeEffectivePolicy" => {
            account = text("/EffectivePolicy/TargetId").map(str::to_owned);
            account = account.or_else(|| target_in(rest).filter(|target| is_account(target)));
            put("PolicyType", POLICY_TYPE);
            if let Some(account) = &account {
                put("TargetId", account);
            }
        }
        _ => {}
    }
    Ok((input, account))
}

/// The account that a file's name holds, wherever in it.
fn account_in(rest: &str) -> Option<String> {
    let mut parts = rest.split(['-', '_', '.', ' ']);
    parts.find(|part| is_account(part)).map(str::to_owned)
}

/// The root, OU or account that a file's name names: `-ou-ab12-cdef3456`, `-r-ab12`, `-111122223333`; more may follow.
fn target_in(rest: &str) -> Option<String> {
    let parts: Vec<&str> = rest
        .split(['-', '_', '.', ' '])
        .filter(|part| !part.is_empty())
        .collect();
    match parts.as_slice() {
        ["ou", root, unit, ..] => Some(format!("ou-{root}-{unit}")),
        ["r", root, ..] => Some(format!("r-{root}")),
        [account, ..] if is_account(account) => Some((*account).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_what_answers_do_not() {
        let command = |stem| by_name(stem).0.map(|operation| operation.command);
        assert_eq!(command("list-policies"), Some("list-policies"));
        assert_eq!(command("list-policies-2"), Some("list-policies"));
        assert_eq!(
            command("list-policies-for-target-r-ab12"),
            Some("list-policies-for-target")
        );
        assert_eq!(command("list-policies-for-"), None);
        assert_eq!(command("list-rootsy"), None);
        assert_eq!(command("anything"), None);
        let target = |stem| target_in(by_name(stem).1);
        assert_eq!(
            target("list-parents-ou-ab12-cdef3456-page-2").as_deref(),
            Some("ou-ab12-cdef3456")
        );
        assert_eq!(
            target("list-accounts-for-parent_r-ab12").as_deref(),
            Some("r-ab12")
        );
        assert_eq!(
            target("list-parents-111122223333").as_deref(),
            Some("111122223333")
        );
        assert_eq!(target("list-parents-1111"), None);
        assert_eq!(target("list-parents"), None);
    }

    #[test]
    fn regions_stand_in_names_of_files_and_folders() {
        for (name, region) in [
            ("-us-east-1", Some("us-east-1")),
            ("us-gov-west-1", Some("us-gov-west-1")),
            ("-eu-central-1-2", Some("eu-central-1")),
            ("_ap-southeast-2.page1", Some("ap-southeast-2")),
            ("bedrock", None),
            ("account-a", None),
            ("", None),
        ] {
            assert_eq!(region_in(name).as_deref(), region, "{name}");
        }
    }
}
