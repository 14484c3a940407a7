//! The words that logs are made of.

/// The pages of the site, most visited first.
pub(crate) const PAGES: &[&str] = &[
    "/",
    "/index.html",
    "/style.css",
    "/app.js",
    "/favicon.ico",
    "/logo.svg",
    "/news",
    "/shop",
    "/shop/cart",
    "/shop/checkout",
    "/login",
    "/api/v1/items",
    "/api/v1/session",
    "/about",
    "/contact",
    "/robots.txt",
    "/sitemap.xml",
    "/images/hero.jpg",
    "/images/team.jpg",
    "/downloads/handbook.pdf",
    "/wp-login.php",
    "/.env",
    "/admin",
    "/feed.xml",
    "/caf%C3%A9",
    "/grüße",
    "/日本語/案内",
    "/very/deep/path/to/a/page/that/few/visit",
    "/old\\\"page\\\".html",
    "/search",
    "/tags/rust",
    "/tags/wasm",
];

pub(crate) const METHODS: &[&str] = &[
    "GET", "GET", "GET", "GET", "GET", "GET", "POST", "HEAD", "PUT", "OPTIONS",
];

pub(crate) const ODD_METHODS: &[&str] =
    &["PROPFIND", "MKCOL", "TRACE", "CONNECT", "BREW", "X", "SSTP"];

pub(crate) const PROTOCOLS: &[&str] = &[
    "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/2.0", "HTTP/1.0", "HTTP/3",
];

pub(crate) const STATUSES: &[&str] = &[
    "200", "200", "200", "200", "200", "200", "200", "206", "301", "302", "304", "304", "400",
    "401", "403", "404", "404", "405", "429", "500", "502", "503",
];

pub(crate) const USERS: &[&str] = &["frank", "alice", "bob@example.com", "jürgen", "o'neill"];

pub(crate) const HOSTS: &[&str] = &[
    "crawl-66-249-66-1.example.net",
    "localhost",
    "proxy.example.org",
];

pub(crate) const IPV6_HOSTS: &[&str] = &[
    "2001:db8::1",
    "2001:db8:85a3::8a2e:370:7334",
    "::1",
    "fe80::1%eth0",
    "::ffff:192.0.2.7",
];

pub(crate) const REFERRERS: &[&str] = &[
    "-",
    "-",
    "-",
    "https://www.example.com/",
    "https://search.example/?q=rusm",
    "",
];

pub(crate) const AGENTS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
    "curl/8.8.0",
    "ExampleBot/2.1 (+http://bot.example/about.html)",
    "-",
    "",
];

/// Agents that lead a hasty parser astray, and are well-formed all the same.
pub(crate) const ODD_AGENTS: &[&str] = &[
    "The \\\"best\\\" browser",
    "ends with a backslash \\\\",
    "\\\" 200 512 \\\"-\\\" \\\"",
    "[brackets] - - [10/Oct/2025:13:55:36 +0000]",
    "emoji 🦀 and umlauts äöü",
    "tab\there",
];
