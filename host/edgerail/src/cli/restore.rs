use std::io::{BufWriter, Read as _, Write as _};

use clap::ArgMatches;
use clap::builder::BoolishValueParser;
use edgerail_core::reversible::{Allow, Destination, RestoreOptions, Restorer};

use super::Outcome;
use super::error::{CliError, say};
use super::input::Input;
use super::placeholders::{self, PlaceholderArgs};

/// Options of `edgerail restore`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The text is read and written piece by piece. Placeholders stay where a program may send their value on;\n--allow says which of these places are let through. A placeholder in two of them needs both:\n--allow urls,links for [text](https://host/{NAME_1})."
)]
pub(super) struct Args {
    #[command(flatten)]
    map: PlaceholderArgs,
    /// Places in which values are put back all the same
    #[arg(
        long,
        value_name = "PLACE,…",
        env = "EDGERAIL_ALLOW",
        value_enum,
        value_delimiter = ','
    )]
    allow: Vec<Place>,
    /// What the text is
    #[arg(long, env = "EDGERAIL_DESTINATION", default_value = "text", value_enum)]
    destination: DestinationArg,
    /// Take the argument as a text
    #[arg(long, env = "EDGERAIL_TEXT", value_parser = BoolishValueParser::new())]
    text: bool,
    /// A text, a file, or - for standard input, which is also read if there is no argument
    #[arg(value_name = "TEXT|FILE")]
    input: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Place {
    /// Addresses in running text
    Urls,
    /// Targets of Markdown links and images
    Links,
    /// HTML tags, scripts and style sheets
    Attributes,
    /// Arguments of tools
    ToolArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum DestinationArg {
    /// Text for a reader
    Text,
    /// An argument of a tool call; as a string, not as JSON
    ToolArguments,
}

impl Args {
    fn options(&self) -> RestoreOptions {
        let allows = |place| self.allow.contains(&place);
        RestoreOptions {
            destination: match self.destination {
                DestinationArg::Text => Destination::Text,
                DestinationArg::ToolArguments => Destination::ToolArguments,
            },
            allow: Allow {
                urls: allows(Place::Urls),
                links: allows(Place::Links),
                attributes: allows(Place::Attributes),
                tool_arguments: allows(Place::ToolArguments),
            },
        }
    }
}

pub(super) fn run(args: &Args, matches: Option<&ArgMatches>) -> Result<Outcome, CliError> {
    let Some((path, conversation)) = args.map.given(matches)? else {
        return Err(CliError::new(
            "usage",
            "restore",
            "no placeholder map is given; give --placeholders FILE and --conversation ID",
        ));
    };
    let inputs = Input::all(args.input.as_slice(), args.text)?;
    let map = placeholders::read(path, conversation)?;
    let mut out = BufWriter::new(std::io::stdout());
    let mut restorer = Restorer::new(&map, args.options());
    for input in &inputs {
        let wrong =
            |error: std::io::Error| CliError::new("input_output", input.label(), error.to_string());
        let mut reader = input.open()?;
        let mut chunk = [0; 8 << 10];
        loop {
            let read = match reader.read(&mut chunk) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                read => read.map_err(wrong)?,
            };
            let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            out.write_all(restorer.push_bytes(bytes).as_bytes())?;
            // Who reads a stream waits for each piece.
            out.flush()?;
        }
        out.write_all(restorer.finish().as_bytes())?;
        out.flush()?;
        if restorer.replaced() > 0 {
            let message = format!(
                "{} bytes or sequences are not valid UTF-8 and were written as U+FFFD",
                restorer.replaced()
            );
            say(&format!("warning: {}: {message}", input.label()));
        }
    }
    if restorer.withheld() > 0 {
        say(&format!(
            "note: {} left, where a program may send a value on; --allow lets them be restored there",
            match restorer.withheld() {
                1 => "1 placeholder was".to_owned(),
                count => format!("{count} placeholders were"),
            }
        ));
    }
    Ok(Outcome::Clean)
}
