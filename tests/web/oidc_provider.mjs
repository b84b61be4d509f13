/* A login service for tests, by the certified oidc-provider: node oidc_provider.mjs SETTINGS. Listens on a free port of
   127.0.0.1, prints "port N" when it is up, and runs until it is killed. Its issuer is http://127.0.0.1:N.

   SETTINGS is JSON:
     redirectUris  where clients may be sent back to
     accounts      {name: claims}, as {"alice": {"email": "alice@example.org", "email_verified": true, "name": "Alice"}}
     clients       [{id, secret}]; default: one, "dpxdt" with "test-secret"
     authMethod    "client_secret_basic" (default) or "client_secret_post", which is then the only one
     algorithm     of the tokens: "RS256" (default), "PS256" or "ES256"

   Its login page is a form with the field "login", which takes the name of an account, and two buttons, to log in and to
   cancel (named "cancel"); it needs no script. Consent is not asked for. Needs the packages of package.json. */
import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import Provider from 'oidc-provider';

const defaults = {
  clients: [{ id: 'dpxdt', secret: 'test-secret' }],
  authMethod: 'client_secret_basic',
  algorithm: 'RS256',
};
const settings = { ...defaults, ...JSON.parse(process.argv[2]) };

function jwk(kid, type, options) {
  return { ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid, use: 'sig' };
}

/* What a client may do is told to it in the discovery document, which so says the same of all. */
const clients = settings.clients.map(({ id, secret }) => ({
  client_id: id,
  client_secret: secret,
  redirect_uris: settings.redirectUris,
  response_types: ['code'],
  grant_types: ['authorization_code'],
  token_endpoint_auth_method: settings.authMethod,
  id_token_signed_response_alg: settings.algorithm,
}));

function findAccount(_, name) {
  const claims = settings.accounts[name];
  return claims && { accountId: name, claims: () => ({ sub: name, ...claims }) };
}

/* Who has logged in has agreed. */
async function loadExistingGrant({ oidc }) {
  const known = oidc.session.grantIdFor(oidc.client.clientId);
  if (known) return oidc.provider.Grant.find(known);
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope('openid email profile');
  await grant.save();
  return grant;
}

const page = (action, problem) => `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Log in (test)</title>
<h1>Login service for tests</h1>
<p role="alert">${problem}</p>
<form method="post" action="${action}">
<p><label>Account <input name="login" autocomplete="off" autofocus></label></p>
<p><button>Log in</button> <button name="cancel" value="1">Cancel</button></p>
</form></html>`;

async function bodyOf(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return new URLSearchParams(text);
}

function show(response, status, url, problem = '') {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(page(url, problem));
}

async function interact(provider, request, response) {
  await provider.interactionDetails(request, response); // fails where there is none
  if (request.method !== 'POST') return show(response, 200, request.url);
  const fields = await bodyOf(request);
  if (fields.has('cancel'))
    return provider.interactionFinished(request, response,
      { error: 'access_denied', error_description: 'the login was canceled' });
  if (!Object.hasOwn(settings.accounts, fields.get('login')))
    return show(response, 403, request.url, 'There is no such account.');
  return provider.interactionFinished(request, response, { login: { accountId: fields.get('login') } });
}

const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients,
    findAccount,
    loadExistingGrant,
    claims: { openid: ['sub', 'hd'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false, // as those of Google: all claims are in the token
    clientAuthMethods: [settings.authMethod],
    cookies: { keys: ['test'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/login/${uid}` },
    jwks: { keys: [jwk('rsa', 'rsa', { modulusLength: 2048 }), jwk('ec', 'ec', { namedCurve: 'P-256' })] },
    pkce: { required: () => true },
    ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 3600, IdToken: 3600, Interaction: 3600, Session: 3600 },
  });
  const others = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url.startsWith('/login/')) return others(request, response);
    return interact(provider, request, response).catch(error => {
      response.writeHead(400, { 'Content-Type': 'text/plain' });
      response.end(String(error));
    });
  });
  console.log(`port ${port}`);
});
