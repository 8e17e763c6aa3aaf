/** The routes of `/account/entitlements/`. Names and shapes are those on the wire. */

import { get, post } from "../api/request";

/** What the linked key is entitled to; `expires_at` is in seconds since 1970. */
export interface Pro {
  active: boolean;
  plan: 1 | 2 | 3;
  expires_at: number;
  auto_renewing: boolean;
}

/** A linked key; `pro` is not there if it never paid. `linked_at` is in milliseconds since 1970. */
export interface Linked {
  master_pkey: string;
  linked_at: number;
  entitlements: { pro?: Pro };
}

/** What a key has to sign to be linked. */
export interface Challenge {
  version: number;
  master_pkey: string;
  issuer: string;
  account: string;
  nonce: string;
  expires_at: number;
}

export const readEntitlements = () => get<{ linked: Linked | null }>("/account/entitlements/");

export const beginLink = (master_pkey: string) =>
  post<Challenge>("/account/entitlements/challenge/", { master_pkey });

export const finishLink = (nonce: string, signature: string) =>
  post<object>("/account/entitlements/link/", { nonce, signature });

export const unlink = () => post<object>("/account/entitlements/unlink/", {});
