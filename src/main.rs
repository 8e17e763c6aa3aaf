//! tmp
fn main() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let data = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let listen: std::net::SocketAddr = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut key = [0u8; 32];
    use countersign::domain::random::Random as _;
    countersign::system::SystemRandom.fill(&mut key);
    let key = countersign::config::MasterKey::new(key);
    let config = countersign::config::Config::dev(
        countersign::config::Dev {
            listen,
            data_dir: &data,
            issuer: None,
        },
        &key,
        std::env::vars_os(),
    )
    .unwrap();
    let r = actix_web::rt::System::new().block_on(countersign::app::run(config, |r| {
        println!("{r:?}");
        Ok(())
    }));
    if let Err(e) = r {
        eprintln!("{e}");
        std::process::exit(2)
    }
}
