/**
 * A guard for Hono: `app.use('/private/*', honoGuard(verifier))`. What was verified is `c.get('attestation')`.
 */
import type { TokenVerifier, Verified } from '../verifier.ts';
import { type Demand, type Denial, judge } from './judge.ts';

/** The part of Hono's context that is used. */
export interface HonoLikeContext {
  readonly req: { readonly header: (name: string) => string | undefined };
  readonly set: (name: 'attestation', value: Verified) => void;
  readonly json: (body: Denial['body'], status: Denial['status'], headers: Record<string, string>) => Response;
}

export const honoGuard =
  <Context extends HonoLikeContext>(verifier: TokenVerifier, demand: Demand<Context> = () => ({})) =>
  async (context: Context, next: () => Promise<void>): Promise<Response | undefined> => {
    const outcome = await judge(verifier, context.req.header('authorization'), () => demand(context));
    if ('denial' in outcome) return context.json(outcome.denial.body, outcome.denial.status, outcome.denial.headers);
    context.set('attestation', outcome.verified);
    await next();
    return undefined;
  };
