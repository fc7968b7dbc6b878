import '@waxseal/crypto/argon2-worker';
