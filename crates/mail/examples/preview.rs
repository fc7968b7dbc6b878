//! Writes every mail as its reader sees it into a folder, with an index: `cargo xtask mails`.

#![expect(clippy::print_stdout, reason = "an example answers on standard output")]

use std::{error::Error, fmt::Write as _, fs, path::PathBuf};

use wax_kernel::{EmailAddress, EventId, Timestamp};
use wax_mail::{Office, Preview, samples::samples};
use wax_model::{Brand, Color, Link, Mail, MailClass};

/// What the demo's mails look like, and the platform's own.
fn looks(language: &str) -> [(&'static str, Option<Brand>); 3] {
    let name = if language == "ja" { "株式会社アクメ" } else { "Acme, Inc." };
    let acme = Brand {
        accent: Color([0x1f, 0x4b, 0x6e]),
        support: "security@acme.example".into(),
        ..Brand::plain(name)
    };
    // The hardest colours: nothing white can be read on the first, nothing at all in the dark on the second.
    let sun = Brand { accent: Color([0xff, 0xd4, 0x00]), ..acme.clone() };
    [("platform", None), ("acme", Some(acme)), ("sun", Some(sun))]
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/mails".into()));
    fs::create_dir_all(&folder)?;
    let office = Office {
        address: EmailAddress::parse("no-reply@waxseal.example")?,
        name: "Waxseal".into(),
        support: "support@waxseal.example".into(),
        accent: Color([0x8f, 0x1d, 0x2c]),
    };
    let mut index = String::from(INDEX);
    for language in ["en", "ja"] {
        for (look, brand) in looks(language) {
            writeln!(index, "<h2>{language}, {look}</h2><ol>")?;
            for mail in samples(language) {
                let name = format!("{}.{language}.{look}", mail.kind.name());
                let preview = office.preview(&mail, brand.as_ref(), stop(&mail)?);
                write(&folder, &name, &office, &mail, brand.as_ref(), &preview)?;
                writeln!(
                    index,
                    "<li><a href=\"{name}.html\">{}</a> <a href=\"{name}.txt\">text</a> <a href=\"{name}.eml\">eml</a>",
                    preview.subject
                )?;
            }
            index.push_str("</ol>\n");
        }
    }
    fs::write(folder.join("index.html"), index)?;
    println!("{}", folder.join("index.html").display());
    Ok(())
}

fn stop(mail: &Mail) -> Result<Option<Link>, Box<dyn Error>> {
    let notice = mail.kind.class() == MailClass::Notice;
    let link = Link::parse("https://app.waxseal.example/unsubscribe/q3bVd6tXxUo4Yc1n0iRz")?;
    Ok(notice.then_some(link))
}

fn write(
    folder: &std::path::Path,
    name: &str,
    office: &Office,
    mail: &Mail,
    brand: Option<&Brand>,
    preview: &Preview,
) -> Result<(), Box<dyn Error>> {
    let at = Timestamp::from_ms(1_800_000_000_000);
    let letter = office.write(EventId::from_bytes([9; 16]), mail, brand, stop(mail)?, at)?;
    fs::write(folder.join(format!("{name}.html")), &preview.html)?;
    fs::write(folder.join(format!("{name}.txt")), &preview.plain)?;
    fs::write(folder.join(format!("{name}.eml")), letter.bytes)?;
    Ok(())
}

const INDEX: &str = "<!doctype html><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"><title>Mails</title>\n\
    <style>body{font:16px/1.6 system-ui;margin:2rem}</style><h1>Mails</h1>\n\
    <p>Dark: switch the browser to dark. Narrow: make the window narrow.</p>\n";
