/** All media, those for the weather included. */
import type { Medium } from '../medium.ts';
import { WEATHER_MEDIA } from '../weather/media.ts';
import { MEDIA } from './index.ts';

export const EVERY_MEDIUM: readonly Medium[] = [...MEDIA, ...WEATHER_MEDIA];
