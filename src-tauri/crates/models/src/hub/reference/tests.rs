use super::*;

fn text_of(reference: &Reference) -> [Option<&str>; 4] {
    let Reference { repository, revision, file, label } = reference;
    [Some(repository), revision.as_deref(), file.as_deref(), label.as_deref()]
}

type Read = (&'static str, [&'static str; 4]);

/// What is typed; then the repository, the revision, the file and the label, empty for none.
const GOOD: [Read; 46] = [
    ("o/n", ["o/n", "", "", ""]),
    ("  o/n\n", ["o/n", "", "", ""]),
    ("o/n/", ["o/n", "", "", ""]),
    ("bartowski/Qwen2.5-7B-Instruct-GGUF", ["bartowski/Qwen2.5-7B-Instruct-GGUF", "", "", ""]),
    ("o/n:Q4_K_M", ["o/n", "", "", "Q4_K_M"]),
    ("o/n:q4_k_m", ["o/n", "", "", "q4_k_m"]),
    ("o/n:UD-Q4_K_XL", ["o/n", "", "", "UD-Q4_K_XL"]),
    ("o/n:latest", ["o/n", "", "", ""]),
    ("o/n:a-Q4_K_M.gguf", ["o/n", "", "a-Q4_K_M.gguf", ""]),
    ("o/n@main", ["o/n", "main", "", ""]),
    ("o/n@v1.0:Q8_0", ["o/n", "v1.0", "", "Q8_0"]),
    ("o/n@refs%2Fpr%2F1", ["o/n", "refs/pr/1", "", ""]),
    ("o/n/a.gguf", ["o/n", "", "a.gguf", ""]),
    ("o/n/Q4_K_M/a.gguf", ["o/n", "", "Q4_K_M/a.gguf", ""]),
    ("o/n@main/Q4_K_M/a.gguf", ["o/n", "main", "Q4_K_M/a.gguf", ""]),
    ("o/n/blob/main/a.gguf", ["o/n", "main", "a.gguf", ""]),
    ("o/n/tree/main", ["o/n", "", "", ""]),
    ("hf.co/o/n", ["o/n", "", "", ""]),
    ("hf.co/o/n:Q4_K_M", ["o/n", "", "", "Q4_K_M"]),
    ("HF.co/o/n:Q4_K_M", ["o/n", "", "", "Q4_K_M"]),
    ("huggingface.co/o/n:Q4_K_M", ["o/n", "", "", "Q4_K_M"]),
    ("huggingface.co/o/n/blob/main/a.gguf", ["o/n", "main", "a.gguf", ""]),
    ("hf://o/n", ["o/n", "", "", ""]),
    ("hf://o/n@main/a.gguf", ["o/n", "main", "a.gguf", ""]),
    ("HF://o/n:Q8_0", ["o/n", "", "", "Q8_0"]),
    ("https://huggingface.co/o/n", ["o/n", "", "", ""]),
    ("https://huggingface.co/o/n/", ["o/n", "", "", ""]),
    ("HTTPS://HuggingFace.co/o/n", ["o/n", "", "", ""]),
    ("http://huggingface.co/o/n", ["o/n", "", "", ""]),
    ("https://hf.co/o/n:IQ2_XXS", ["o/n", "", "", "IQ2_XXS"]),
    ("https://www.huggingface.co/o/n#usage", ["o/n", "", "", ""]),
    ("https://huggingface.co/o/n?library=gguf", ["o/n", "", "", ""]),
    ("https://huggingface.co/o/n/tree/main", ["o/n", "main", "", ""]),
    ("https://huggingface.co/o/n/tree/v2/UD-Q4_K_XL", ["o/n", "v2", "", "UD-Q4_K_XL"]),
    ("https://huggingface.co/o/n/tree/main/docs", ["o/n", "main", "", ""]),
    ("https://huggingface.co/o/n/tree/refs%2Fpr%2F3", ["o/n", "refs/pr/3", "", ""]),
    ("https://huggingface.co/o/n/tree/refs/pr/3", ["o/n", "refs/pr/3", "", ""]),
    ("https://huggingface.co/o/n/blob/main/a.gguf", ["o/n", "main", "a.gguf", ""]),
    ("https://huggingface.co/o/n/blob/main/Q8%20x/a.gguf", ["o/n", "main", "Q8 x/a.gguf", ""]),
    ("https://huggingface.co/o/n/resolve/main/a.gguf?download=true", ["o/n", "main", "a.gguf", ""]),
    ("https://huggingface.co/o/n/raw/abc/a.gguf", ["o/n", "abc", "a.gguf", ""]),
    ("https://huggingface.co/o/n/resolve/refs/pr/1/x/a.gguf", ["o/n", "refs/pr/1", "x/a.gguf", ""]),
    (
        "https://huggingface.co/o/n/resolve/main/model.safetensors",
        ["o/n", "main", "model.safetensors", ""],
    ),
    ("https://huggingface.co/o/n?show_file_info=a-Q4_K_M.gguf", ["o/n", "", "a-Q4_K_M.gguf", ""]),
    ("https://huggingface.co/o/n/discussions/7", ["o/n", "", "", ""]),
    ("https://huggingface.co/o/n/commits/main", ["o/n", "", "", ""]),
];

/// What is typed, and a piece of what is said to be wrong with it.
const BAD: [(&str, &str); 53] = [
    ("", "empty"),
    ("   ", "empty"),
    ("gpt2", "an owner and a name"),
    ("Q4_K_M", "an owner and a name"),
    ("hf.co", "an owner and a name"),
    ("hf.co/o", "an owner and a name"),
    ("hf://", "an owner and a name"),
    ("https://huggingface.co", "an owner and a name"),
    ("https://huggingface.co/o", "an owner and a name"),
    ("/o/n", "path on this machine"),
    ("/home/me/model.gguf", "path on this machine"),
    ("~/model.gguf", "path on this machine"),
    ("C:\\models\\a.gguf", "`\\`"),
    ("o\\n", "`\\`"),
    ("../n", "`..`"),
    ("o/..", "`..`"),
    ("./o/n", "`..`"),
    ("o/n/../../etc/passwd.gguf", "`..`"),
    ("o/n/%2e%2e/a.gguf", "`..`"),
    ("o/n/a/..%2f..%2fa.gguf", "cannot be a file"),
    ("o/n\\..\\a.gguf", "`..`"),
    ("https://huggingface.co/o/n/resolve/main/../../../x.gguf", "`..`"),
    ("https://huggingface.co/o/n/resolve/main/%2e%2e/x.gguf", "`..`"),
    ("https://huggingface.co/o/n/resolve/main/a%2f..%2f..%2fb.gguf", "cannot be a file"),
    ("https://huggingface.co/o/n/resolve/main/a%5cb.gguf", "cannot be a file"),
    ("https://huggingface.co/o/n/resolve/main/a%00b.gguf", "cannot be a file"),
    ("https://huggingface.co/o/n/resolve/main/%ff.gguf", "not encoded"),
    ("https://huggingface.co/o/n/resolve/main/", "cannot be a file"),
    ("https://huggingface.co/o/n/resolve", "revision is due"),
    ("https://huggingface.co/o/n/tree/a%20b", "cannot be a revision"),
    ("https://huggingface.co/o/n/blob/main/README.md", "no file of a model"),
    ("https://huggingface.co/o/n?show_file_info=../a.gguf", "cannot be a file"),
    ("https://huggingface.co//o/n", "cannot be an owner"),
    ("o//n", "cannot be an owner"),
    ("o/n\u{0}", "invisible"),
    ("o/n\u{202e}", "invisible"),
    ("o/a\nb", "invisible"),
    ("o/n:", "cannot be a quantisation"),
    ("o/n:Q4/K", "at the end"),
    ("o/n:a/../b", "`..`"),
    ("o/n:Q4;rm", "cannot be a quantisation"),
    ("o/n:nul.gguf", "cannot be a file"),
    ("o/n@", "cannot be a revision"),
    ("o/n@..", "cannot be a revision"),
    ("o/n--m", "cannot be an owner"),
    ("o w/n", "cannot be an owner"),
    ("o/n/README.md", "no file of a model"),
    ("datasets/o/n", "data set"),
    ("https://huggingface.co/datasets/o/n", "data set"),
    ("https://huggingface.co/spaces/o/n", "space"),
    ("https://example.com/o/n", "is not the hub"),
    ("https://huggingface.co.example.com/o/n", "is not the hub"),
    ("ftp://huggingface.co/o/n", "`ftp` addresses"),
];

#[test]
fn every_way_to_write_a_reference_is_read() {
    for (text, due) in GOOD {
        let reference: Reference = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let due = due.map(|part| (!part.is_empty()).then_some(part));
        assert_eq!(text_of(&reference), due, "{text}");
        let again: Reference = reference.to_string().parse().unwrap();
        assert_eq!(again, reference, "{text} as {reference}");
    }
}

#[test]
fn what_names_nothing_is_refused_with_the_reason() {
    for (text, said) in BAD {
        let error = text.parse::<Reference>().expect_err(text).to_string();
        assert!(error.contains(said), "{text:?}: {error}");
        assert!(!error.contains(char::is_control), "{error:?}");
    }
    assert!("a".repeat(4000).parse::<Reference>().is_err());
}

#[test]
fn a_password_is_not_repeated() {
    for text in
        ["https://me:secret@huggingface.co/o/n", "https://me:secret@x:y/o", "hf://a:secret@b/n"]
    {
        let error = text.parse::<Reference>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn pages_of_a_mirror_are_read_where_the_hub_is_that_mirror() {
    let mirror = Address::read("https://mirror.example:8443/hf").unwrap();
    let good = [
        "https://mirror.example:8443/hf/o/n/blob/main/a.gguf",
        "mirror.example:8443/hf/o/n/blob/main/a.gguf",
        "https://huggingface.co/o/n/blob/main/a.gguf",
    ];
    for text in good {
        let reference = read(text, Some(&mirror)).unwrap();
        assert_eq!(
            text_of(&reference),
            [Some("o/n"), Some("main"), Some("a.gguf"), None],
            "{text}"
        );
    }
    let bad = [
        "https://mirror.example:8443/other/o/n",
        "https://mirror.example:8443/hfo/n",
        "https://mirror.example/hf/o/n",
        "https://other.example/hf/o/n",
    ];
    for text in bad {
        assert!(read(text, Some(&mirror)).is_err(), "{text}");
    }
}
