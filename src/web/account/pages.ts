import './account.css'

export { LoginPage } from './login-page.tsx'
export { RegisterPage } from './register-page.tsx'
export { VerifyPage } from './verify-page.tsx'
export { ForgotPage, ResetPage } from './password-pages.tsx'
export { ProfilePage } from './profile-page.tsx'
export { SecurityPage } from './security-page.tsx'
export { DataPage } from './data-page.tsx'
