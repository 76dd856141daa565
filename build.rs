//! Tells a release build which commit it was made of; where there is no repository, it says nothing.
//!
//! Development builds know no commit: each new one would compile everything again.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    println!("cargo::rustc-env=GAPDECK_TARGET={}", variable("TARGET"));
    println!("cargo::rustc-env=GAPDECK_PROFILE={}", variable("PROFILE"));
    println!(
        "cargo::rustc-env=GAPDECK_RUSTC={}",
        run(&variable("RUSTC"), &["--version"]).unwrap_or_default()
    );
    if variable("PROFILE") != "release" {
        return;
    }
    // A crate unpacked inside somebody else's repository must not name theirs.
    let ours = std::path::Path::new(&variable("CARGO_MANIFEST_DIR")).join(".git").exists();
    let Some(head) = ours.then(|| run("git", &["log", "-1", "--format=%h %cs"])).flatten() else { return };
    for path in ["HEAD", "logs/HEAD"] {
        if let Some(path) = run("git", &["rev-parse", "--git-path", path]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let changed = run("git", &["status", "--porcelain", "--untracked-files=no"]).is_some();
    println!("cargo::rustc-env=GAPDECK_COMMIT={head}{}", if changed { ", with changes" } else { "" });
}

/// Returns the first line that a command prints; nothing where it prints nothing or fails.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?.trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}
