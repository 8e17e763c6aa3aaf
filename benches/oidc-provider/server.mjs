// The npm package oidc-provider, a certified server, set up to do what Countersign does in the bench: refresh tokens
// that rotate, EdDSA, JWTs as access tokens of client credentials. It keeps everything in memory and asks nobody for a
// password. Prints one line of JSON with its address when it listens.
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// Nobody reads the standard output after the line that says where it listens.
console.info = console.warn;

const provider = new Provider('http://id.example.org', {
  clients: [
    {
      client_id: 'shop',
      client_secret: process.env.CLIENT_SECRET,
      redirect_uris: ['https://shop.example.org/back'],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      id_token_signed_response_alg: 'EdDSA',
    },
  ],
  jwks: { keys: [await signingKey({ name: 'Ed25519' }, 'EdDSA'), await rsaKey()] },
  cookies: { keys: ['signs cookies'] },
  enabledJWA: { idTokenSigningAlgValues: ['EdDSA', 'RS256'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: ({ oidc }) =>
        oidc.params?.grant_type === 'client_credentials' ? 'https://api.example.org' : undefined,
      getResourceServerInfo: () => ({ scope: '', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'EdDSA' } } }),
    },
  },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, email: id, email_verified: true }) }),
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  loadExistingGrant: consentOfEverybody,
});

async function signingKey(algorithm, alg) {
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { key_ops, ext, ...jwk } = await crypto.subtle.exportKey('jwk', pair.privateKey);
  return { ...jwk, use: 'sig', alg };
}

function rsaKey() {
  const publicExponent = new Uint8Array([1, 0, 1]);
  return signingKey({ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent, hash: 'SHA-256' }, 'RS256');
}

// As with an application of the house, which asks for no consent.
async function consentOfEverybody({ oidc }) {
  const { clientId } = oidc.client;
  const grant = new provider.Grant({ clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope('openid email offline_access');
  await grant.save();
  return grant;
}

const answer = provider.callback();
const server = createServer((request, response) => {
  const [path, account] = request.url.split('?account=');
  if (!path.startsWith('/interaction/')) return answer(request, response);
  return provider.interactionFinished(request, response, { login: { accountId: account } });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(JSON.stringify({ address: `127.0.0.1:${server.address().port}` }));
