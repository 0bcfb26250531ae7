// Signing in with the authorization code flow and PKCE (RFC 7636): this page never sees a password, and the token that
// it gets for the code is in its memory alone.

const PENDING = "pending-sign-in";

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function randomText() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

const page = () => location.origin + location.pathname;

export class Session {
  #config;
  #endpoints;
  #token = null;

  constructor(config, endpoints) {
    this.#config = config;
    this.#endpoints = endpoints;
  }

  // The addresses for signing in are those that the issuer publishes (OpenID Connect Discovery 1.0).
  static async open(config) {
    const answer = await fetch(`${config.issuer}/.well-known/openid-configuration`);
    if (!answer.ok) throw new Error(`who signs users in answers with ${answer.status}`);
    return new Session(config, await answer.json());
  }

  async signIn() {
    const verifier = randomText();
    const state = randomText();
    sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state }));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const asked = new URLSearchParams({
      response_type: "code",
      client_id: this.#config.client,
      redirect_uri: page(),
      scope: `openid ${this.#config.scope}`,
      state,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    });
    location.assign(`${this.#endpoints.authorization_endpoint}?${asked}`);
  }

  // Whether the page was opened by a redirection with a code, which is now exchanged for a token.
  async returned() {
    const given = new URLSearchParams(location.search);
    if (!given.has("code") && !given.has("error")) return false;
    history.replaceState(null, "", page());
    const pending = JSON.parse(sessionStorage.getItem(PENDING));
    sessionStorage.removeItem(PENDING);
    if (given.has("error")) throw new Error(`sign-in failed: ${given.get("error_description") ?? given.get("error")}`);
    if (pending === null || pending.state !== given.get("state")) throw new Error("this sign-in was not begun here");
    const answer = await fetch(this.#endpoints.token_endpoint, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: this.#config.client,
        code: given.get("code"),
        redirect_uri: page(),
        code_verifier: pending.verifier,
      }),
    });
    if (!answer.ok) throw new Error(`sign-in failed: ${(await answer.json()).error}`);
    this.#token = (await answer.json()).access_token;
    return true;
  }

  // Ask the API; every page of an answer.
  async *pages(path, asked = {}) {
    let next = null;
    do {
      const query = new URLSearchParams({ ...asked, ...(next === null ? {} : { next }) });
      const answer = await fetch(`${this.#config.api}${path}?${query}`, {
        headers: { authorization: `Bearer ${this.#token}` },
      });
      const said = await answer.json();
      if (answer.status === 401) throw new Error("the sign-in has expired");
      if (!answer.ok) throw new Error(said.error ?? said.message);
      yield said;
      next = said.next;
    } while (next !== null);
  }
}
