"""Authlib as an application uses it, told line by line what to do: JSON in, JSON out.

The sign-in itself is the browser's, so this is everything before it and after it.
"""

import json
import sys

from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey
from authlib.jose import jwt as jose_jwt
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
import requests


def say(**answer):
    print(json.dumps(answer), flush=True)


def hear():
    return json.loads(sys.stdin.readline())


def verified(id_token, keys, metadata, client_id, nonce, access_token):
    claims = jose_jwt.decode(
        id_token,
        keys,
        claims_cls=CodeIDToken,
        claims_options={"iss": {"essential": True, "value": metadata["issuer"]}},
        claims_params={"client_id": client_id, "nonce": nonce, "access_token": access_token},
    )
    claims.validate(leeway=5)
    return claims


def main():
    task = hear()
    client = task["client"]
    metadata = requests.get(task["issuer"] + "/.well-known/openid-configuration", timeout=20).json()
    keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=20).json())
    method = client["token_endpoint_auth_method"]
    session = OAuth2Session(
        client["client_id"],
        task.get("private_key") or client.get("client_secret"),
        scope="openid email offline_access",
        redirect_uri=client["redirect_uris"][0],
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        code_challenge_method="S256",
    )
    if method == "private_key_jwt":
        session.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], alg=task["alg"]))
    verifier, nonce = task["verifier"], task["nonce"]
    url, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    say(url=url)

    back = hear()["url"]
    token = session.fetch_token(
        metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )
    claims = verified(token["id_token"], keys, metadata, client["client_id"], nonce, token["access_token"])
    userinfo = session.get(metadata["userinfo_endpoint"]).json()
    fresh = session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
    told = session.introspect_token(metadata["introspection_endpoint"], token=fresh["access_token"]).json()
    revoked = session.revoke_token(metadata["revocation_endpoint"], token=fresh["refresh_token"]).status_code
    after = session.introspect_token(metadata["introspection_endpoint"], token=fresh["access_token"]).json()
    say(
        sub=claims["sub"],
        alg=claims.header["alg"],
        userinfo=userinfo,
        rotated=fresh["refresh_token"] != token["refresh_token"],
        told=told,
        revoked=revoked,
        after=after,
        id_token=token["id_token"],
        end_session_endpoint=metadata["end_session_endpoint"],
    )


main()
